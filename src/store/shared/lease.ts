/** Keeps this node's session in a shared database alive, and knows when it is not. */
import { within } from '../../platform/time-limit.ts'
import type { Clock, Log } from '../../ports.ts'
import type { SharedDatabase } from './database.ts'
import { RepeatedFailure } from './repeated-failure.ts'
import type { NodeInfo } from './work.ts'

/** How long one question may take, and how soon it is asked again when it failed, ms. */
const MAX_ASK_MS = 5000
const RETRY_MS = 1000
/** So many renewals in a row that fail are no accident. */
const FAILURES_TO_TELL = 2
/** How long it may take to give back all that a lost session owned, ms. */
const MAX_REPLACE_MS = 30_000
/** The part of the lease that is left to end what runs here, before others may take it over. */
const MARGIN = 0.1

export interface LeasePorts {
  database: SharedDatabase
  node: NodeInfo
  leaseMs: number
  clock: Clock
  log: Log
  /**
   * Resolves when nothing of what the session owned is worked on any more: until then what has
   * ended may still be recorded. Must not reject.
   */
  onLost(): Promise<void>
  /** Undoes what was refused, before others may have it. Rejects as the database does. */
  undo(): Promise<void>
  /** There is a session again. */
  onJoined(): void
}

export class Lease {
  #session: string | null = null
  #latest: string | null = null
  /** Since when each renewal has worked, monotonic ms. */
  #contactFrom = Infinity
  /** Monotonic ms. */
  #expiresTick = 0
  #cancelRenewal: () => void = () => {}
  #cancelExpiry: () => void = () => {}
  #isRenewing = false
  readonly #failure: RepeatedFailure
  readonly #stopping = new AbortController()

  constructor(private readonly ports: LeasePorts) {
    this.#failure = new RepeatedFailure(ports.log, 'renew', FAILURES_TO_TELL)
  }

  /** null: there is none now; then nothing is ours. */
  get session(): string | null {
    return this.#session
  }

  /** The one that there is, or was last. */
  get latest(): string | null {
    return this.#latest
  }

  /**
   * Whether the database has answered for a whole lease without a break. Before that, nodes whose
   * leases have run out may only have had no chance to renew them.
   */
  get mayRescue(): boolean {
    const { clock, leaseMs } = this.ports
    const tick = clock.monotonic()
    if (this.#session === null || !this.#isRenewedAt(tick)) return false
    return tick - this.#contactFrom >= leaseMs
  }

  /**
   * Whether the lease was renewed as it should be, as of `tick`. If not, this process was paused,
   * and does not know whether the others could renew theirs.
   */
  #isRenewedAt(tick: number): boolean {
    return this.#expiresTick - tick > this.ports.leaseMs / 3
  }

  /** Begins the first session. Rejects as the database does. */
  async start(): Promise<void> {
    const { session, sentTick } = await this.#join()
    this.#begin(session, sentTick)
  }

  async #join(): Promise<{ session: string; sentTick: number }> {
    const { database, node, leaseMs, clock } = this.ports
    const sentTick = clock.monotonic()
    return { session: await database.join(node, leaseMs), sentTick }
  }

  /**
   * Looks at the clock: after a pause of the process, an answer may be heard before the timer that
   * says that the lease has run out.
   */
  check(): void {
    const { clock } = this.ports
    if (this.#session !== null && clock.monotonic() >= this.#expiresTick) {
      this.#lose(this.#session, 'has run out')
    }
  }

  /** Asks at once whether the session is still alive: something has said that it is not. */
  doubt(): void {
    if (this.#session !== null && !this.#isRenewing) void this.#renew(this.#session)
  }

  /** Ends the session, one that is lost as well. May be called again. Rejects as the database does. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#cancelRenewal()
    this.#cancelExpiry()
    const session = this.#latest
    this.#session = this.#latest = null
    if (session !== null) await this.ports.database.leave(session)
  }

  #begin(session: string, sentTick: number): void {
    this.#session = this.#latest = session
    this.#contactFrom = this.ports.clock.monotonic()
    this.#renewed(session, sentTick)
  }

  /** The lease runs from when it was asked for, at the earliest. */
  #renewed(session: string, sentTick: number): void {
    const { clock, leaseMs } = this.ports
    this.#cancelExpiry()
    this.#expiresTick = sentTick + leaseMs * (1 - MARGIN)
    const leftMs = Math.max(0, this.#expiresTick - clock.monotonic())
    this.#cancelExpiry = clock.after(leftMs, () => this.#lose(session, 'has run out'))
    this.#renewLater(session, leaseMs / 3)
  }

  #renewLater(session: string, ms: number): void {
    this.#cancelRenewal()
    this.#cancelRenewal = this.ports.clock.after(ms, () => void this.#renew(session))
  }

  async #renew(session: string): Promise<void> {
    const { database, leaseMs, clock } = this.ports
    const { signal } = this.#stopping
    this.#isRenewing = true
    const sentTick = clock.monotonic()
    const renewed = await within(clock, MAX_ASK_MS, signal, () => database.renew(session, leaseMs))
    this.#isRenewing = false
    if (this.#session !== session) return
    if (!renewed.ok) {
      this.#failure.failed(renewed.error)
      this.#contactFrom = Infinity
      return this.#renewLater(session, RETRY_MS)
    }
    this.#failure.worked()
    if (!renewed.value) return this.#lose(session, 'was taken for run out by another node')
    const since = this.#isRenewedAt(sentTick) ? this.#contactFrom : Infinity
    this.#contactFrom = Math.min(since, clock.monotonic())
    this.#renewed(session, sentTick)
  }

  #lose(session: string, how: string): void {
    if (this.#session !== session || this.#stopping.signal.aborted) return
    this.#session = null
    this.#contactFrom = Infinity
    this.#cancelRenewal()
    this.#cancelExpiry()
    const { log, node } = this.ports
    const message = `the lease of this node ${how}: its tasks are left to others`
    log.error(message, { node: node.name })
    void this.#beginAnew(session)
  }

  async #beginAnew(lost: string): Promise<void> {
    const { clock, log, node, onJoined, onLost } = this.ports
    await onLost()
    const { signal } = this.#stopping
    for (let failures = 0; !signal.aborted; failures++) {
      const joined = await within(clock, MAX_REPLACE_MS, signal, () => this.#replace(lost))
      // One that came too late owns nothing, and runs out.
      if (signal.aborted) return
      if (joined.ok) {
        log.info('this node has a lease again', { node: node.name })
        this.#begin(joined.value.session, joined.value.sentTick)
        return onJoined()
      }
      if (failures === 0) log.warning('this node gets no lease', { error: joined.error })
      await clock.sleep(RETRY_MS, signal)
    }
  }

  /** Begins a session in place of the one that is lost, which may not be dead. */
  async #replace(lost: string): Promise<{ session: string; sentTick: number }> {
    await this.ports.undo()
    await this.ports.database.leave(lost)
    return this.#join()
  }
}
