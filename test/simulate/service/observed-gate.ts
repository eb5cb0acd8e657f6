/** Stands between the gate and what goes through it, and tells what happens there. */
import type { Entrant, Gate, Permit, Refusal } from '../../../src/droplets/gate.ts'
import type { AttemptResult } from '../../../src/events.ts'
import { Run } from '../../../src/delivery/run.ts'
import type { GateEntry, HeldPermit } from '../model/gate-model.ts'
import type { SimProcess } from './sim-process.ts'

export interface GateObserver {
  /** A synchronous task asks for its place among all that run. */
  seatAsked(process: SimProcess, isGiven: boolean): void
  seatLeft(process: SimProcess): void
  /** `taskId`: null for an asynchronous attempt. */
  entered(process: SimProcess, entrant: Entrant, taskId: string | null): GateEntry
  waits(process: SimProcess, entry: GateEntry): void
  /** The permit that it got, if it did. */
  answered(process: SimProcess, entry: GateEntry, answer: Permit | Refusal): HeldPermit | null
  /** It is about to be given back, for the first time. */
  releasing(process: SimProcess, permit: HeldPermit, result: AttemptResult | null): void
  released(process: SimProcess, permit: HeldPermit): void
}

export function observedGate(gate: Gate, process: SimProcess, observer: GateObserver): Gate {
  function answered(entry: GateEntry, answer: Permit | Refusal): Permit | Refusal {
    const held = observer.answered(process, entry, answer)
    return held && answer.admitted ? observedPermit(answer, held) : answer
  }

  function observedPermit(permit: Permit, held: HeldPermit): Permit {
    let isReleased = false
    return {
      admitted: true,
      sending: () => permit.sending(),
      release(result) {
        if (isReleased) return permit.release(result)
        isReleased = true
        observer.releasing(process, held, result)
        permit.release(result)
        observer.released(process, held)
      },
    }
  }

  return {
    admit() {
      const leave = gate.admit()
      observer.seatAsked(process, leave !== null)
      if (!leave) return null
      return () => {
        observer.seatLeft(process)
        leave()
      }
    },
    enter(entrant, stop) {
      const entry = observer.entered(process, entrant, stop instanceof Run ? stop.id : null)
      const answer = gate.enter(entrant, stop)
      if (!(answer instanceof Promise)) return answered(entry, answer)
      observer.waits(process, entry)
      return answer.then((each) => answered(entry, each))
    },
    hasRoom: (droplet) => gate.hasRoom(droplet),
    enterNow(droplet, timeoutMs) {
      const entrant = { droplet, isNew: false, timeoutMs, leftMs: Infinity }
      const entry = observer.entered(process, entrant, null)
      return answered(entry, gate.enterNow(droplet, timeoutMs)) as Permit
    },
    isShut: (droplet) => gate.isShut(droplet),
    onRoom: (callback) => gate.onRoom(callback),
  }
}
