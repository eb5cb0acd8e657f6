/**
 * Nobody waits at the gate for longer than its time allows, or than a circuit is waited for; and
 * nobody is turned away for want of a place before its time is over.
 */
import { MAX_TIMER_DELAY_MS } from '../environment/sim-clock.ts'
import type { GateEntry } from '../model/gate-model.ts'
import type { SimProcess } from '../service/sim-process.ts'
import type { Checker, Context } from '../check/checker.ts'

/** The next probe, and a moment for its outcome. */
const MAX_CIRCUIT_WAIT_MS = 1500
const ROUNDING_MS = 1

export function gateWaitsAreShort({ world, model }: Context): Checker {
  /** Who was turned away in this step: what others do in it counts, too. */
  let turnedAway: { entry: GateEntry; process: SimProcess }[] = []

  const toleranceMs = (ms: number) => MAX_TIMER_DELAY_MS + ROUNDING_MS + world.skewMs(ms)

  function isFull({ droplet }: GateEntry, { limits }: SimProcess): boolean {
    const { held, waiting } = model.gates.of(droplet)
    return held.size >= limits.maxConcurrency && waiting.size >= limits.maxWaiting
  }

  function waitFault(entry: GateEntry, { pausedUntil }: SimProcess, now: number): string | null {
    if (pausedUntil >= entry.at) return null
    const waited = now - entry.at
    if (waited > entry.maxWaitMs + toleranceMs(entry.maxWaitMs)) {
      return `it waits for ${waited} ms at the gate, and has only ${entry.maxWaitMs}`
    }
    const { openedAt } = model.gates.of(entry.droplet).circuit
    if (openedAt === null) return null
    const onCircuit = now - Math.max(openedAt, entry.at)
    return onCircuit > MAX_CIRCUIT_WAIT_MS + toleranceMs(MAX_CIRCUIT_WAIT_MS)
      ? `it waits for ${onCircuit} ms on an open circuit`
      : null
  }

  return {
    watch({ process }) {
      for (const [, { waiting }] of model.gates.all) {
        for (const entry of waiting) {
          const text = waitFault(entry, process, world.now)
          if (text !== null) return [{ text, taskId: entry.taskId }]
        }
      }
      return null
    },

    gateAnswered({ entry, process }) {
      const { answer, at, answeredAt, maxWaitMs, droplet } = entry
      const fault = waitFault(entry, process, answeredAt)
      if (fault || answer === 'admitted' || answer === null || answer.kind === 'refused') {
        return fault
      }
      const { isOpen } = model.gates.of(droplet).circuit
      if (answeredAt - at >= maxWaitMs - ROUNDING_MS - world.skewMs(maxWaitMs) || isOpen)
        return null
      if (answeredAt > at || !entry.isNew) {
        return `it is turned away after ${answeredAt - at} ms, and could wait for ${maxWaitMs}`
      }
      if (!isFull(entry, process)) turnedAway.push({ entry, process })
      return null
    },

    stepped() {
      if (turnedAway.length === 0) return null
      const unfounded = turnedAway.filter(({ entry, process }) => !isFull(entry, process))
      turnedAway = []
      return unfounded.map(({ entry: { taskId } }) => {
        return { text: 'it is turned away, and there is room', taskId }
      })
    },
  }
}
