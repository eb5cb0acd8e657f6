import { useEffect, useState } from 'preact/hooks'

/** CSS pixels of one rem: more on a large screen, and for who has asked for larger text. */
export function useRem(): number {
  const [rem, setRem] = useState(measured)
  useEffect(() => {
    const measure = () => setRem(measured())
    window.addEventListener('resize', measure)
    return () => window.removeEventListener('resize', measure)
  }, [])
  return rem
}

function measured(): number {
  return parseFloat(getComputedStyle(document.documentElement).fontSize)
}
