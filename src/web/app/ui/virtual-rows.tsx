/** A long list of which only the rows near the window are in the document. */
import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'

interface VirtualRowsProps<T> {
  items: readonly T[]
  /** Of every row, in CSS pixels: style and list must agree. */
  rowHeight: number
  keyOf: (item: T) => string
  row: (item: T, index: number) => ComponentChildren
  /** Of the list, for those who can't see it. */
  label: string
}

/** Rows beyond the window, above and below it. */
const MARGIN = 12
const FIRST = { from: 0, to: 60 }

export function VirtualRows<T>({ items, rowHeight, keyOf, row, label }: VirtualRowsProps<T>) {
  const list = useRef<HTMLDivElement>(null)
  const [{ from, to }, setRange] = useState(FIRST)
  const measure = () => {
    // The last scroll of a view that has gone.
    if (!list.current) return
    const { top } = list.current.getBoundingClientRect()
    const first = Math.max(0, Math.floor(-top / rowHeight) - MARGIN)
    const last = Math.ceil((window.innerHeight - top) / rowHeight) + MARGIN
    setRange((old) => (old.from === first && old.to === last ? old : { from: first, to: last }))
  }
  useLayoutEffect(measure, [items.length, rowHeight])
  useEffect(() => onScroll(measure), [rowHeight])
  const start = Math.min(from, items.length)
  const shown = items.slice(start, Math.max(to, start))
  const above = start * rowHeight
  const below = (items.length - start - shown.length) * rowHeight
  return (
    <div ref={list} class="rows" role="list" aria-label={label}>
      <div style={{ height: `${above}px` }} role="presentation" />
      {shown.map((item, i) => (
        <div
          key={keyOf(item)}
          role="listitem"
          aria-setsize={items.length}
          aria-posinset={start + i + 1}
          class="row"
          style={{ height: `${rowHeight}px` }}
        >
          {row(item, start + i)}
        </div>
      ))}
      <div style={{ height: `${below}px` }} role="presentation" />
    </div>
  )
}

/** Once a frame at most. */
function onScroll(measure: () => void): () => void {
  let frame = 0
  const later = () => {
    cancelAnimationFrame(frame)
    frame = requestAnimationFrame(measure)
  }
  window.addEventListener('scroll', later, { passive: true })
  window.addEventListener('resize', later, { passive: true })
  return () => {
    cancelAnimationFrame(frame)
    window.removeEventListener('scroll', later)
    window.removeEventListener('resize', later)
  }
}
