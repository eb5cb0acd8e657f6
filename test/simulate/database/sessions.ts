/** The table of nodes: who has a session, and until when its lease runs. */
import type { DeadNode, NodeInfo, SeenNode } from '../../../src/store/shared/work.ts'
import type { Task } from '../../../src/task.ts'

interface Session {
  readonly node: NodeInfo
  readonly startedAt: number
  seenAt: number
  leaseUntil: number
}

/** Times are ms of the database's clock. */
export class Sessions {
  #joined = 0
  /** Those that are alive: dead ones are never alive again. */
  readonly #alive = new Map<string, Session>()
  /** Those that are dead: what they had is nobody's, in steps. */
  readonly dead = new Set<string>()

  constructor(private readonly now: () => number) {}

  join(node: NodeInfo, leaseMs: number): string {
    const id = `s${++this.#joined}`
    const now = this.now()
    this.#alive.set(id, { node, startedAt: now, seenAt: now, leaseUntil: now + leaseMs })
    return id
  }

  renew(id: string, leaseMs: number): boolean {
    const session = this.#alive.get(id)
    if (!session) return false
    session.seenAt = this.now()
    session.leaseUntil = this.now() + leaseMs
    return true
  }

  isAlive(id: string): boolean {
    return this.#alive.has(id)
  }

  /** Of its lease; 0 or less when that has run out. */
  leftMs(id: string): number {
    return (this.#alive.get(id)?.leaseUntil ?? 0) - this.now()
  }

  /** Those whose leases have run out. */
  get runOut(): string[] {
    return [...this.#alive]
      .filter(([, { leaseUntil }]) => leaseUntil < this.now())
      .map(([id]) => id)
  }

  /** Also of one that is dead already. */
  end(id: string): void {
    if (this.#alive.delete(id)) this.dead.add(id)
  }

  /** As it is told of, while it is alive; `owned`: the tasks that it has. */
  asDead(id: string, owned: readonly Task[]): DeadNode {
    const { node, seenAt } = this.#alive.get(id)!
    const syncTasks = owned.filter(({ mode }) => mode === 'sync').length
    const asyncTasks = owned.length - syncTasks
    return { session: id, name: node.name, seenAgoMs: this.now() - seenAt, asyncTasks, syncTasks }
  }

  seen(asker: string): SeenNode[] {
    const now = this.now()
    return [...this.#alive].map(([id, { node, startedAt, seenAt }]) => {
      return { ...node, startedAt, seenAgoMs: now - seenAt, isSelf: id === asker }
    })
  }
}
