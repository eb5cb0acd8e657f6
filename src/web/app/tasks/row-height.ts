import { useEffect, useState } from 'preact/hooks'
import { useRem } from '../ui/use-rem.ts'

/** As in tasks.css: a row has two lines where there is no room for one. */
const NARROW = '(max-width: 48rem)'
const REM = { one: 2.5, two: 4.25 }

/** CSS pixels. */
export function useRowHeight(): number {
  const rem = useRem()
  const [isNarrow, setNarrow] = useState(() => matchMedia(NARROW).matches)
  useEffect(() => {
    const media = matchMedia(NARROW)
    const change = () => setNarrow(media.matches)
    media.addEventListener('change', change)
    return () => media.removeEventListener('change', change)
  }, [])
  return Math.round(rem * (isNarrow ? REM.two : REM.one))
}
