/** What delivery does where several nodes share the store: it takes from all, and gives to all. */
import type { Claim, SharedWork } from '../store/shared/work.ts'
import type { Task } from '../task.ts'
import { Elsewhere, type ElsewherePorts } from './elsewhere.ts'
import { Producer } from './producer.ts'
import type { QueuePorts, QueueRunner } from './queue-runner.ts'
import { interruptOrphan, interruptTask, type RecoveryPorts } from './recovery.ts'
import type { Runs } from './runs.ts'

/** A longer delay is not waited for by the node that has accepted the task, ms. */
const MAX_OWN_DELAY_MS = 1000

/** What this node has. */
export interface OwnWork {
  queue: QueueRunner
  runs: Runs
  /** As `Delivery.cancel`, of a task that this node has. */
  cancelHere(id: string): Promise<Task | null>
}

export class SharedDelivery {
  readonly elsewhere: Elsewhere
  readonly #producer: Producer
  /** What waits here is left to others. */
  #isLeaving = false

  constructor(
    private readonly shared: SharedWork,
    private readonly ports: QueuePorts & RecoveryPorts & ElsewherePorts,
    private readonly own: OwnWork,
  ) {
    this.elsewhere = new Elsewhere(shared, ports)
    this.#producer = new Producer(shared, {
      ...ports,
      wanted: () => own.queue.wanted,
      beforeAsking: () => this.#release(own.queue.takeShut()),
      adopt: (claim) => this.#adopt(claim),
    })
    shared.listen({
      work: () => this.#producer.work(),
      cancel: (ids) => ids.forEach((id) => this.#cancelHere(id)),
      lost: () => this.#lose(),
    })
  }

  /**
   * Whether a task that is accepted now is left to all. `waiting`: how many wait here for their
   * first attempt. Those that fill all slots once more are offered here first, but not where they
   * would wait for a circuit: another node may reach the droplet.
   */
  isForAnyone({ delayMs, dropletName }: Task, waiting: number): boolean {
    const isLater = delayMs > MAX_OWN_DELAY_MS || waiting >= this.ports.concurrency
    return isLater || this.own.queue.isShut(dropletName)
  }

  start(): void {
    this.#producer.start()
  }

  /** Claims nothing more. May be called again. */
  stop(): void {
    this.#producer.stop()
  }

  /** A slot for asynchronous tasks was released; its task may wait again. */
  slot(): void {
    if (this.#isLeaving) this.#giveBack()
    else this.#producer.slot()
  }

  /** One more waits in the queue. It may have been asked for before we leave. */
  added(): void {
    if (this.#isLeaving) this.#giveBack()
  }

  /** Claims nothing more, and gives back what waits: the others need not wait until we are gone. */
  leave(): void {
    this.#isLeaving = true
    this.stop()
    this.#giveBack()
  }

  #giveBack(): void {
    this.#release(this.own.queue.clear())
  }

  /** What cannot be given back now is as soon as that works, or when the store is closed. */
  #release(ids: readonly string[]): void {
    if (ids.length > 0) void this.shared.release(ids).catch(() => {})
  }

  /**
   * Cancels a task that this node does not have: one that is nobody's here, another's there.
   * Resolves and rejects as `Elsewhere.cancel` does.
   */
  async cancel(id: string): Promise<Task | null> {
    const claim = await this.shared.take(id)
    if (!claim) return this.elsewhere.cancel(id)
    this.#add(claim)
    return this.own.cancelHere(id)
  }

  /** Ends a task that was left to all, unless another node has it already. Never rejects. */
  async interrupt(task: Task): Promise<void> {
    const claim = await this.shared.take(task.id).catch(() => null)
    if (claim) await interruptTask(task.id, 0, async () => task, this.ports, this.own.runs)
  }

  #adopt(claim: Claim): void {
    this.#add(claim)
    if (claim.isCancelAsked && claim.task.mode === 'async') this.#cancelHere(claim.task.id)
    this.added()
  }

  #add(claim: Claim): void {
    const { id, mode } = claim.task
    // Its caller went with its node.
    if (mode === 'sync') return void interruptOrphan(id, claim.ageMs, this.ports, this.own.runs)
    this.own.queue.addShared(claim)
  }

  /** Where that fails, the task is asked for again: it stays one that is to be cancelled. */
  #cancelHere(id: string): void {
    void this.own.cancelHere(id).catch(() => {})
  }

  /** Others may own by now what was ours. */
  async #lose(): Promise<void> {
    const { queue, runs } = this.own
    queue.clear()
    runs.abortAll('lost')
    await runs.finished()
    // What was under way may have come back to the queue.
    queue.clear()
  }
}
