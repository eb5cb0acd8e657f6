/**
 * No permit of the gate is lost, and none is given back twice: the gate counts what is held. It
 * is given back as soon as its request is over, with what became of that.
 */
import type { AttemptResult } from '../../../src/events.ts'
import type { GateModel, HeldPermit } from '../model/gate-model.ts'
import type { SentRequest } from '../model/sent-request.ts'
import type { GateState } from '../../../src/droplets/mesh-gate.ts'
import type { Checker, Context } from '../check/checker.ts'

export function permitsAreGivenBack({ world, model }: Context): Checker {
  /** What was sent with the permit; undefined: nothing, or nobody knows. */
  function requestOf({ entry }: HeldPermit): SentRequest | undefined {
    const last = model.tasks.find(entry.taskId)?.requests.at(-1)
    return last && last.sentAt >= entry.answeredAt ? last : undefined
  }

  return {
    watch({ report }) {
      for (const [droplet, gate] of model.gates.all) {
        const fault = countFault(droplet, gate, report.gateOf(droplet))
        if (fault !== null) return fault
        for (const permit of gate.held) {
          const request = requestOf(permit)
          if (request?.result == null || request.endedAt === world.now) continue
          return [{ text: 'its permit outlives its request', taskId: permit.entry.taskId }]
        }
      }
      return null
    },

    permitReleased: ({ permit, result }) =>
      permit.entry.taskId === null ? null : resultFault(requestOf(permit), result),

    settled() {
      for (const [droplet, { held, waiting }] of model.gates.all) {
        if (held.size + waiting.size === 0) continue
        return `${held.size} permits for ${droplet} are held at the end, and ${waiting.size} wait`
      }
      return null
    },
  }
}

function countFault(droplet: string, gate: GateModel, state: GateState): string | null {
  const { held, waiting } = gate
  if (state.inFlight === held.size && state.waiting === waiting.size) return null
  const told = `${state.inFlight} in flight to ${droplet} and ${state.waiting} that wait`
  return `the gate counts ${told}, and it is ${held.size} and ${waiting.size}`
}

function resultFault(
  request: SentRequest | undefined,
  result: AttemptResult | null,
): string | null {
  if (result === null) {
    return request && !request.endedInPause
      ? 'its permit comes back as if nothing had been sent'
      : null
  }
  if (request?.endedInPause) return null
  if (!request) return `its permit comes back with ${result.outcome}, and nothing was sent`
  const end = request.result
  if (end === null) return 'its permit comes back while its request is in flight'
  const expected = end.kind === 'answered' ? end.status : null
  // It was answered just when its time was over, and the other way round.
  if (end.kind !== 'answered' && end.kind !== 'failed') return null
  const isTrue = result.status === expected && (end.kind === 'answered') === (expected !== null)
  return isTrue ? null : `its permit comes back with ${result.status}, and it was ${expected}`
}
