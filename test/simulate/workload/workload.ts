/** What callers do, one random action after the other. */
import type { SimDroplet } from '../environment/sim-droplet.ts'
import type { TaskModel } from '../model/task-model.ts'
import type { TaskModels } from '../model/task-models.ts'
import type { Prng } from '../world/prng.ts'
import type { World } from '../world/world.ts'
import { MAX_LOOKUP_MS, type Callers } from './callers.ts'
import { Submissions, type Submission } from './submissions.ts'

export class Workload {
  readonly #random: Prng
  readonly #submissions: Submissions

  constructor(
    private readonly world: World,
    private readonly callers: Callers,
    private readonly tasks: TaskModels,
    droplets: readonly SimDroplet[],
  ) {
    this.#random = world.random.fork('workload')
    this.#submissions = new Submissions(this.#random, droplets)
  }

  act(): void {
    const action = this.#random.weighted({
      submit: 60,
      'submit twins': 8,
      'repeat a key': 10,
      cancel: 14,
      find: 12,
      list: 3,
      replay: 7,
      flood: 4,
    })
    if (action === 'submit') this.#submit(this.#submissions.next())
    else if (action === 'submit twins') this.#submitTwins()
    else if (action === 'repeat a key') this.#repeat()
    else if (action === 'cancel') this.#cancel()
    else if (action === 'find') this.#find()
    else if (action === 'list') this.callers.list()
    else if (action === 'replay') this.#replay()
    // The droplet must leave slots for the others.
    else for (const each of this.#submissions.flood()) this.#submit(each)
  }

  submitTo(dropletName: string): void {
    this.#submit(this.#submissions.to(dropletName))
  }

  rush(dropletName: string, spanMs: number, count: number): void {
    for (; count > 0; count--) {
      const submission = this.#submissions.promptTo(dropletName)
      const at = this.#random.chance(0.5) ? 0 : this.#random.between(0, spanMs)
      this.world.after(at, () => this.#submit(submission))
    }
  }

  #submit(submission: Submission): void {
    this.callers.submit(submission, () => this.#submitAgain(submission))
  }

  /** After a lost connection, only a key makes it safe to submit again. */
  #submitAgain(submission: Submission): void {
    if (submission.key === null || this.#random.chance(0.2)) return
    this.world.after(this.#random.between(0, 90_000), () => this.#submit(submission))
  }

  #submitTwins(): void {
    const random = this.#random
    const twin = this.#submissions.nextWithKey()
    for (let copies = random.integer(2, 3); copies > 0; copies--) {
      this.world.after(random.chance(0.5) ? 0 : random.between(0, 20), () => this.#submit(twin))
    }
  }

  #repeat(): void {
    const submission = this.#submissions.repeated()
    if (submission) this.#submit(submission)
  }

  #cancel(): void {
    const id = this.#someTask(0.85)
    if (id !== null) this.callers.cancel(id)
  }

  #find(): void {
    const id = this.#someTask(0.6)
    const waitMs = this.#random.chance(0.6) ? this.#random.integer(1, 60) * 1000 : 0
    if (id !== null) this.callers.find(id, waitMs)
  }

  #replay(): void {
    const id = this.#someTask(0.2)
    const mode = this.#random.pick(['sync', 'async'] as const)
    if (id !== null) this.callers.replay(id, mode)
  }

  /** More often a new task than an old one. */
  #someTask(unfinishedShare: number): string | null {
    const isUnfinished = this.#random.chance(unfinishedShare)
    const from = isUnfinished ? [...this.tasks.unfinished] : this.#submittedTasks()
    const index = Math.floor(Math.sqrt(this.#random.next()) * from.length)
    return from[index]?.id ?? null
  }

  /** What is not on disk after some time was refused. */
  #submittedTasks(): readonly TaskModel[] {
    return [...this.tasks.all].filter(
      ({ row, issuedAt }) => row !== null || this.world.now - issuedAt < MAX_LOOKUP_MS,
    )
  }
}
