import { useEffect, useState } from 'preact/hooks'

/** Rows of two lines where there is no room for one; style and list must agree (tasks.css). */
const NARROW = '(max-width: 48rem)'

/** CSS pixels: it grows with the size of the text. */
export function useRowHeight(): number {
  const [height, setHeight] = useState(rowHeight)
  useEffect(() => {
    const measure = () => setHeight(rowHeight())
    window.addEventListener('resize', measure)
    return () => window.removeEventListener('resize', measure)
  }, [])
  return height
}

function rowHeight(): number {
  const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
  return Math.round(rem * (matchMedia(NARROW).matches ? 4.25 : 2.5))
}
