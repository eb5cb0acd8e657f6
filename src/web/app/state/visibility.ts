import { signal, type ReadonlySignal } from '@preact/signals'

/** Whether anybody can see the page: a hidden tab does no work. */
export function watchVisibility(): ReadonlySignal<boolean> {
  const isVisible = signal(!document.hidden)
  document.addEventListener('visibilitychange', () => {
    isVisible.value = !document.hidden
  })
  return isVisible
}

/** Unix ms, moving once a second while the page is seen. */
export function watchClock(isVisible: ReadonlySignal<boolean>): ReadonlySignal<number> {
  const now = signal(Date.now())
  const tick = () => {
    now.value = Date.now()
  }
  let timer: ReturnType<typeof setInterval> | undefined
  isVisible.subscribe((isSeen) => {
    clearInterval(timer)
    if (!isSeen) return
    tick()
    timer = setInterval(tick, 1000)
  })
  return now
}
