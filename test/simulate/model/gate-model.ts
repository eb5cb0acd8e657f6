/** Who waits at the gate to each droplet, and who has a permit for it. */
import type { Refusal } from '../../../src/droplets/gate.ts'
import type { GateLimits, SimProcess } from '../service/sim-process.ts'
import type { World } from '../world/world.ts'
import { CircuitModel } from './circuit-model.ts'

/** An attempt that comes to the gate. Times are simulated ms. */
export interface GateEntry {
  /** Its name in lower case. */
  readonly droplet: string
  /** Null: an asynchronous one, which comes only when it may go. */
  readonly taskId: string | null
  readonly isNew: boolean
  readonly timeoutMs: number
  /** It may wait so long. */
  readonly maxWaitMs: number
  readonly at: number
  /** Null while it waits. */
  answer: 'admitted' | Refusal | null
  answeredAt: number
}

export interface HeldPermit {
  readonly entry: GateEntry
  /** It went while the circuit was open. */
  readonly isProbe: boolean
}

export class GateModel {
  readonly held = new Set<HeldPermit>()
  /** First come, first. */
  readonly waiting = new Set<GateEntry>()
  readonly circuit: CircuitModel
  /** When an asynchronous attempt last had to wait, simulated ms; -1: never. */
  shutUntil = -1
  /** Where the latest request to the droplet went. */
  sentTo = ''

  constructor(private readonly limits: GateLimits) {
    this.circuit = new CircuitModel(limits)
  }

  get isFull(): boolean {
    return this.held.size >= this.limits.maxConcurrency
  }

  get newWaiting(): number {
    return [...this.waiting].filter(({ isNew }) => isNew).length
  }

  /** While another waits, or nobody may be sure that a probe is due. */
  isShut(now: number): boolean {
    if (this.isFull || this.waiting.size > 0) return true
    const { circuit } = this
    if (!circuit.isOpen) return false
    return !circuit.openedByAnswer || now < circuit.lastProbeAt + MAX_PROBE_WAIT_MS
  }
}

/** From one probe to the next. */
export const MAX_PROBE_WAIT_MS = 60_000

export class GateModels {
  /** Synchronous tasks that run, and asynchronous attempts. */
  seats = 0
  readonly #gates = new Map<string, GateModel>()
  #limits: GateLimits | null = null

  constructor(private readonly world: World) {}

  startProcess({ limits }: SimProcess): void {
    this.#limits = limits
    this.#gates.clear()
    this.seats = 0
  }

  get all(): Iterable<[string, GateModel]> {
    return this.#gates
  }

  of(droplet: string): GateModel {
    const key = droplet.toLowerCase()
    let gate = this.#gates.get(key)
    if (!gate) this.#gates.set(key, (gate = new GateModel(this.#limits!)))
    return gate
  }

  /** Until when asynchronous attempts to it had to wait at the gate, simulated ms. */
  shutUntil(droplet: string): number {
    this.noteShut(droplet)
    return this.of(droplet).shutUntil
  }

  /** Before anything changes. */
  noteShut(droplet: string): void {
    const gate = this.of(droplet)
    if (gate.isShut(this.world.now)) gate.shutUntil = this.world.now
    if (this.#isFull) for (const [, each] of this.#gates) each.shutUntil = this.world.now
  }

  get #isFull(): boolean {
    return this.seats >= this.#limits!.maxRunning
  }
}
