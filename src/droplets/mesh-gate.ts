/** The gate to all droplets: each has a gate of its own, and there is a limit for all together. */
import type { AttemptResult } from '../events.ts'
import type { Clock, Log, StopSignal } from '../ports.ts'
import type { Directory, DropletList } from './directory.ts'
import { nameKey } from './droplet.ts'
import { DropletGate } from './droplet-gate.ts'
import type { Entrant, Gate, Permit, Refusal } from './gate.ts'

export interface MeshGateOptions {
  clock: Clock
  log: Log
  list: Pick<DropletList, 'directory'>
  /** Requests to one droplet at once. */
  maxConcurrency: number
  /** New tasks that wait for one droplet. */
  maxWaiting: number
  /** Synchronous tasks, and asynchronous attempts, at once. */
  maxRunning: number
  breakerThreshold: number
  breakerGraceMs: number
  /** How long an attempt may take before its droplet counts as not there, ms. */
  patienceMs: number
  /** Asks for a droplet's health; whether it answers. Never rejects. */
  look(droplet: string): Promise<boolean>
}

export interface GateState {
  readonly circuit: 'closed' | 'open'
  readonly inFlight: number
  readonly waiting: number
}

export interface GateStats {
  /** Now. */
  readonly openCircuits: number
  /** New tasks that were refused, since the start. */
  readonly overloaded: number
  readonly circuitOpen: number
}

interface Entry {
  readonly gate: DropletGate
  url: string | undefined
  /** The list in which its URL was looked up. */
  directory: Directory
}

const UNUSED: GateState = { circuit: 'closed', inFlight: 0, waiting: 0 }
/** Droplets that are listed no more are forgotten when there are so many more than listed. */
const MAX_UNLISTED = 1000

export class MeshGate implements Gate {
  readonly #entries = new Map<string, Entry>()
  #running = 0
  #isAsyncWaiting = false
  #overloaded = 0
  #circuitOpen = 0
  #openCircuits = 0
  #onRoom: () => void = () => {}

  constructor(private readonly options: MeshGateOptions) {}

  admit(): (() => void) | null {
    if (!this.#hasSeat) {
      this.#overloaded++
      return null
    }
    this.#running++
    return () => this.#leave()
  }

  enter(entrant: Entrant, stop: StopSignal): Permit | Refusal | Promise<Permit | Refusal> {
    const entry = this.#gateOf(entrant.droplet).enter(entrant, stop)
    return entry instanceof Promise
      ? entry.then((each) => this.#counted(each))
      : this.#counted(entry)
  }

  hasRoom(droplet: string): boolean {
    if (this.#hasSeat) return this.#gateOf(droplet).hasRoom()
    this.#isAsyncWaiting = true
    return false
  }

  enterNow(droplet: string, timeoutMs: number): Permit {
    this.#running++
    return new SeatPermit(this.#gateOf(droplet).enterNow(timeoutMs), () => this.#leave())
  }

  onRoom(callback: () => void): void {
    this.#onRoom = callback
  }

  isShut(droplet: string): boolean {
    return this.of(droplet).circuit === 'open'
  }

  /** Of how many droplets it knows anything. */
  get size(): number {
    return this.#entries.size
  }

  /** `droplet`: its name, in any case. */
  of(droplet: string): GateState {
    const gate = this.#entries.get(nameKey(droplet))?.gate
    return gate ? stateOf(gate) : UNUSED
  }

  stats(): GateStats {
    return {
      openCircuits: this.#openCircuits,
      overloaded: this.#overloaded,
      circuitOpen: this.#circuitOpen,
    }
  }

  stop(): void {
    for (const { gate } of this.#entries.values()) gate.stop()
  }

  get #hasSeat(): boolean {
    return this.#running < this.options.maxRunning
  }

  #leave(): void {
    this.#running--
    if (!this.#isAsyncWaiting) return
    this.#isAsyncWaiting = false
    this.#onRoom()
  }

  #counted(entry: Permit | Refusal): Permit | Refusal {
    if (!entry.admitted) {
      if (entry.kind === 'overloaded') this.#overloaded++
      if (entry.kind === 'circuit open') this.#circuitOpen++
    }
    return entry
  }

  #gateOf(droplet: string): DropletGate {
    const key = nameKey(droplet)
    const directory = this.options.list.directory()
    const entry = this.#entries.get(key) ?? this.#add(key, droplet, directory)
    if (entry.directory !== directory) follow(entry, key, directory)
    return entry.gate
  }

  #add(key: string, droplet: string, directory: Directory): Entry {
    if (this.#entries.size >= directory.size + MAX_UNLISTED) this.#forgetUnlisted(directory)
    const entry = { gate: this.#newGate(key, droplet), url: directory.find(key)?.url, directory }
    this.#entries.set(key, entry)
    return entry
  }

  #forgetUnlisted(directory: Directory): void {
    for (const [key, { gate }] of this.#entries) {
      if (!gate.isIdle || directory.find(key)) continue
      this.#entries.delete(key)
      // Nobody is told of an open circuit any more, nor looks whether the droplet is back.
      gate.moved()
    }
  }

  #newGate(key: string, droplet: string): DropletGate {
    const { clock, log, list, maxConcurrency, maxWaiting, patienceMs, look } = this.options
    const { breakerThreshold: threshold, breakerGraceMs: graceMs } = this.options
    return new DropletGate({
      ...{ clock, maxConcurrency, maxWaiting, patienceMs, threshold, graceMs },
      // By name: the waits of two circuits that open together are not the same.
      jitter: (n) => Bun.hash.xxHash32(`${key} ${n}`) / 2 ** 32,
      look: () => look(key),
      canLook: () => list.directory().find(key) !== undefined,
      onRoom: () => this.#onRoom(),
      onCircuit: (change, openMs) => {
        this.#openCircuits += change === 'opened' ? 1 : -1
        if (change === 'opened') log.info('a circuit has opened', { droplet })
        else log.info('a circuit has closed', { droplet, open_ms: Math.round(openMs) })
      },
    })
  }
}

/** Of an asynchronous attempt, which counts among those that run. */
class SeatPermit implements Permit {
  readonly admitted = true
  #leave: (() => void) | null

  constructor(
    private readonly permit: Permit,
    leave: () => void,
  ) {
    this.#leave = leave
  }

  sending(): void {
    this.permit.sending()
  }

  release(result: AttemptResult | null): void {
    this.permit.release(result)
    this.#leave?.()
    this.#leave = null
  }
}

function follow(entry: Entry, key: string, directory: Directory): void {
  const url = directory.find(key)?.url
  entry.directory = directory
  // While it is not listed, it is taken to be where it was.
  if (url === undefined || url === entry.url) return
  entry.url = url
  entry.gate.moved()
}

function stateOf({ circuit, inFlight, waiting }: DropletGate): GateState {
  return { circuit: circuit.isOpen ? 'open' : 'closed', inFlight, waiting }
}
