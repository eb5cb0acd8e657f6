/** A page that draws no frames has them all the same. */
const LATEST_MS = 100

/** Calls it once, before the next frame is drawn. */
export function beforeNextFrame(run: () => void): void {
  const once = () => {
    cancelAnimationFrame(frame)
    clearTimeout(timer)
    run()
  }
  const frame = requestAnimationFrame(once)
  const timer = setTimeout(once, LATEST_MS)
}
