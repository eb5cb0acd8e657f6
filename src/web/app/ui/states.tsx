/** What stands where there is nothing to show: not yet, none, or no more. */
import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { explain } from './explain.ts'
import { visible } from './visible.ts'
import { Icon } from './icon.tsx'

/** Says nothing at first: what comes at once should not flash. */
export function Loading({ what = 'Reading' }: { what?: string }) {
  const [isSlow, setSlow] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), 300)
    return () => clearTimeout(timer)
  }, [])
  return (
    <p class="state quiet" role="status">
      {isSlow ? `${what}…` : '\u00a0'}
    </p>
  )
}

/** `title`: what is not there, as a sentence; `children`: what can be done. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="state">
      <p class="state-title">{title}</p>
      {children}
    </div>
  )
}

interface ErrorBoxProps {
  error: unknown
  /** What failed: `The list could not be read`. */
  title?: string
  retry?: () => void
}

export function ErrorBox({ error, title, retry }: ErrorBoxProps) {
  const { message: words, advice, code } = explain(error)
  const message = visible(words)
  return (
    <div class="error-box" role="alert">
      <Icon name="warning" />
      <div>
        <p class="error-title">{title ?? message}</p>
        {title ? <p>{message}</p> : null}
        {advice ? <p class="quiet">{advice}</p> : null}
        {retry ? (
          <p>
            <button type="button" class="button" onClick={retry}>
              Try again
            </button>
          </p>
        ) : null}
      </div>
      {code ? <code class="error-code">{code}</code> : null}
    </div>
  )
}
