import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Icon } from './icon.tsx'

interface CopyProps {
  /** A function is asked only when it is copied. */
  text: string | (() => string)
  /** What is copied: `Copy the id`. */
  label: string
  /** Beside the sign; without it the label is its name for those who can't see it. */
  children?: ComponentChildren
}

const SAID_MS = 1500

export function CopyButton({ text, label, children }: CopyProps) {
  const [said, setSaid] = useState<'copied' | 'failed' | null>(null)
  useEffect(() => {
    if (!said) return
    const timer = setTimeout(() => setSaid(null), SAID_MS)
    return () => clearTimeout(timer)
  }, [said])
  const copy = async () => {
    const isCopied = await copyText(typeof text === 'string' ? text : text())
    setSaid(isCopied ? 'copied' : 'failed')
  }
  return (
    <button
      type="button"
      class={children ? 'button small' : 'button icon-only'}
      title={label}
      aria-label={children ? undefined : label}
      onClick={copy}
    >
      <Icon name={said === 'copied' ? 'check' : said === 'failed' ? 'cross' : 'copy'} />
      {children}
      <span class="only-read" role="status">
        {said === 'copied' ? 'Copied' : said === 'failed' ? 'The browser does not allow it' : ''}
      </span>
    </button>
  )
}

/** Over plain HTTP to another machine a browser has no clipboard: then by a selection. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return copySelected(text)
  }
}

function copySelected(text: string): boolean {
  const before = document.activeElement
  const area = document.createElement('textarea')
  area.value = text
  area.className = 'only-read'
  // Within a dialog nothing outside it can be selected.
  const parent = document.querySelector('dialog[open]') ?? document.body
  parent.append(area)
  area.select()
  const isCopied = document.execCommand('copy')
  area.remove()
  if (before instanceof HTMLElement) before.focus()
  return isCopied
}
