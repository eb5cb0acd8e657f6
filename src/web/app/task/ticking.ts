import { useEffect, useState } from 'preact/hooks'
import { useApp } from '../state/app.ts'

const TICK_MS = 250

/** Draws again four times a second, as long as something goes on and somebody sees it. */
export function useTicking(isGoingOn: boolean): void {
  const { isVisible } = useApp()
  const isSeen = isVisible.value
  const [, setTick] = useState(0)
  useEffect(() => {
    if (!isGoingOn || !isSeen) return
    const timer = setInterval(() => setTick((tick) => tick + 1), TICK_MS)
    return () => clearInterval(timer)
  }, [isGoingOn, isSeen])
}
