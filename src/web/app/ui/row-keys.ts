/** j, k, ↓ and ↑ go from row to row: from one element with `data-row` to the next. */
import { useKeys } from '../state/app.ts'

const ROWS = '[data-row]'

/** A row is a link or a button, so that Enter opens it by itself. */
export function useRowKeys(): void {
  useKeys([
    { keys: 'j', label: 'Next row', run: () => move(1) },
    { keys: 'k', label: 'Row before', run: () => move(-1) },
    { keys: 'ArrowDown', label: 'Next row', run: () => isOnRow() && move(1) },
    { keys: 'ArrowUp', label: 'Row before', run: () => isOnRow() && move(-1) },
  ])
}

const isOnRow = () => document.activeElement?.matches(ROWS) ?? false

function move(by: 1 | -1): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>(ROWS)]
  const at = rows.indexOf(document.activeElement as HTMLElement)
  const next = at < 0 ? rows.find(isBelowTop) : rows[at + by]
  next?.focus({ preventScroll: true })
  next?.scrollIntoView({ block: 'nearest' })
  return next !== undefined
}

/** The first that can be seen: who has scrolled down does not want to be thrown to the top. */
function isBelowTop(row: HTMLElement): boolean {
  return row.getBoundingClientRect().top >= 0
}
