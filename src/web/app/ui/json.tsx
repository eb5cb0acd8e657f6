/**
 * JSON as a tree that opens part by part: what is folded is not in the document, so a value of
 * many megabytes costs what is looked at. Text is text: nothing in it is ever HTML.
 */
import { useMemo, useState } from 'preact/hooks'
import { bytes, count } from './format.ts'
import { CopyButton } from './copy.tsx'
import { DownloadButton } from './download.tsx'
import { Digits, parseExact } from './exact-json.ts'
import { visible } from './visible.ts'

/** Entries of one object or array that are shown at a time. */
const PAGE = 100
/** Characters of a text that are shown before one asks for more. */
const TEXT = 1000
/** Open at first: as many levels as together have at most so many entries. */
const OPEN_ENTRIES = 60

interface JsonProps {
  /** JSON, as it came: no digit of it changes. */
  text: string
  /** Of a download: `answer.json`. */
  fileName: string
}

export function Json({ text, fileName }: JsonProps) {
  const value = useMemo(() => parseExact(text), [text])
  const depth = useMemo(() => openDepth(value), [value])
  return (
    <div class="json">
      <div class="json-tools">
        <span class="quiet">{bytes(new Blob([text]).size)}</span>
        <CopyButton text={text} label="Copy the JSON">
          Copy
        </CopyButton>
        <DownloadButton text={text} name={fileName} />
      </div>
      <div class="json-tree" tabIndex={0} role="region" aria-label="JSON">
        <Node value={value} name={null} depth={depth} />
      </div>
    </div>
  )
}

interface NodeProps {
  value: unknown
  name: string | null
  /** How many levels from here on are open at first. */
  depth: number
}

function Node({ value, name, depth }: NodeProps) {
  if (isBranch(value)) {
    return <Branch value={value} name={name} depth={depth} />
  }
  return (
    <div class="json-line">
      <Name name={name} />
      {typeof value === 'string' ? <Text text={value} /> : <Plain value={value} />}
    </div>
  )
}

function Branch({ value, name, depth }: NodeProps & { value: object }) {
  const [isOpen, setOpen] = useState(depth > 0)
  const [shown, setShown] = useState(PAGE)
  const isArray = Array.isArray(value)
  const size = isArray ? value.length : Object.keys(value).length
  const words = isArray ? `[ ${count(size)} ]` : `{ ${count(size)} }`
  return (
    <div class="json-branch">
      <button
        type="button"
        class="json-line json-fold"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        <Name name={name} />
        <span class="quiet">{words}</span>
      </button>
      {isOpen ? (
        <div class="json-children">
          {entriesOf(value, shown).map(([key, child]) => (
            <Node key={key} name={key} value={child} depth={depth - 1} />
          ))}
          {size > shown ? (
            <button type="button" class="button small" onClick={() => setShown(shown + PAGE)}>
              {count(Math.min(PAGE, size - shown))} more of {count(size - shown)}
            </button>
          ) : null}
        </div>
      ) : null}
    </div>
  )
}

function Name({ name }: { name: string | null }) {
  return name === null ? null : <span class="json-name">{visible(cut(name))}: </span>
}

function Plain({ value }: { value: unknown }) {
  return <span class="json-plain">{cut(String(value))}</span>
}

function Text({ text }: { text: string }) {
  const [shown, setShown] = useState(TEXT)
  const isCut = text.length > shown
  return (
    <span class="json-text">
      {visible(JSON.stringify(isCut ? text.slice(0, shown) : text))}
      {isCut ? (
        <button type="button" class="button small" onClick={() => setShown(shown * 10)}>
          more: {count(text.length - shown)} characters
        </button>
      ) : null}
    </span>
  )
}

/** A name or a number can be as long as a text; whole it is in the copy. */
function cut(text: string): string {
  return text.length > TEXT ? `${text.slice(0, TEXT)}…` : text
}

function isBranch(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof Digits)
}

function entriesOf(value: object, most: number): [string, unknown][] {
  const keys = Array.isArray(value)
    ? Array.from({ length: Math.min(most, value.length) }, (_, i) => String(i))
    : Object.keys(value).slice(0, most)
  return keys.map((key) => [key, (value as Record<string, unknown>)[key]])
}

function openDepth(value: unknown): number {
  let level: unknown[] = [value]
  let entries = 0
  for (let depth = 0; ; depth++) {
    const parents = level.filter(isBranch)
    if (parents.length === 0) return depth
    level = parents.flatMap((one) => entriesOf(one, OPEN_ENTRIES).map(([, child]) => child))
    entries += level.length
    if (entries > OPEN_ENTRIES) return Math.max(depth, 1)
  }
}
