import { sleepWith, type Clock } from '../ports.ts'

// setTimeout keeps its delay in 32 bits and fires at once beyond it.
const MAX_TIMER_MS = 2 ** 31 - 1

/** The real clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(0, ms), MAX_TIMER_MS))
    return () => clearTimeout(timer)
  },
  soon: (callback) => void setImmediate(callback),
  sleep: (ms, signal) => sleepWith(systemClock.after, ms, signal),
}
