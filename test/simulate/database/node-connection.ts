/**
 * One process's way to the shared database, over a network that can fail: statements are lost on
 * their way, arrive when nobody waits for them any more, or are done and nobody hears of it.
 */
import type { RefusedWrite } from '../../../src/store/driver.ts'
import type { SharedDatabase, SharedWrite } from '../../../src/store/shared/database.ts'
import type { CrashPoints } from '../faults/crash-points.ts'
import { whenRunning, type SimProcess } from '../service/sim-process.ts'
import type { DatabaseServer } from './database-server.ts'
import type { NodeLink } from './node-link.ts'
import type { Notification, Notifications } from './notifications.ts'
import type { SharedTables } from './shared-tables.ts'

/** How long after its connection was given up a statement may still arrive, ms: the server ends later ones. */
const MAX_LATE_MS = 10_000

export interface ConnectionObserver {
  commitRequested(process: SimProcess, writes: readonly SharedWrite[]): void
  /** The process is about to know. */
  acknowledged(
    process: SimProcess,
    writes: readonly SharedWrite[],
    refused: readonly RefusedWrite[],
  ): void
  /** A statement is about to be sent. */
  asked(process: SimProcess, verb: string): void
  /** The process is about to hear of an answer, or that there is none. */
  heard(process: SimProcess, heard: Heard): void
}

export interface Heard {
  readonly verb: string
  /** Simulated ms. */
  readonly askedAt: number
  /** The answer; null: there is none. */
  readonly value: unknown
}

export interface ConnectionPorts {
  readonly server: DatabaseServer
  readonly link: NodeLink
  readonly notifications: Notifications
  readonly observer: ConnectionObserver
  readonly crashPoints: CrashPoints
}

/** One statement. */
interface Question<T> {
  readonly verb: string
  readonly isWrite: boolean
  statement(tables: SharedTables): T
  /** The process is about to know. */
  answered?(value: T): void
}

export class NodeConnection {
  /** Statements that change something, and have no answer yet. */
  changesUnderWay = 0
  #closed = false

  constructor(
    private readonly ports: ConnectionPorts,
    private readonly process: SimProcess,
  ) {}

  ask<T>(question: Question<T>): Promise<T> {
    const { process, ports } = this
    if (!process.alive) return new Promise(() => {})
    const askedAt = ports.server.world.now
    const { verb } = question
    if (verb === 'commit' && ports.crashPoints.reached('before the commit', process)) {
      return new Promise(() => {})
    }
    ports.observer.asked(process, verb)
    if (isChange(verb)) this.changesUnderWay++
    return new Promise((resolve, reject) => {
      this.#send(question, (settled) =>
        whenRunning(process, () => {
          if (isChange(verb)) this.changesUnderWay--
          const value = settled instanceof Error ? null : settled.value
          ports.observer.heard(process, { verb, askedAt, value })
          if (settled instanceof Error) return reject(settled)
          question.answered?.(settled.value)
          resolve(settled.value)
        }),
      )
    })
  }

  #send<T>(question: Question<T>, settle: (settled: { value: T } | Error) => void): void {
    const { world } = this.ports.server
    const { link } = this.ports
    const fate = this.ports.server.behavior === 'down' ? null : link.fate()
    const fail = (ms: number) => void world.after(ms, () => settle(new Error('Connection closed')))
    if (fate === null) return fail(1)
    const sentAt = world.now
    if (fate === 'lost' || fate === 'late') {
      const noticeMs = link.noticeMs()
      world.count(`statements: ${fate}`)
      if (fate === 'late')
        this.#arrive(question, noticeMs + link.random.between(0, MAX_LATE_MS), () => {})
      return fail(noticeMs)
    }
    this.#arrive(question, link.latencyMs(), (settled) => {
      if (fate === 'done' && link.isOpenSince(sentAt)) return this.#reply(settled, settle)
      world.count('statements: answer lost')
      fail(link.noticeMs())
    })
  }

  #reply<T>(settled: T, settle: (settled: T) => void): void {
    const { link, server } = this.ports
    if (link.behavior === 'healthy' && link.random.chance(0.6)) return settle(settled)
    server.world.after(link.latencyMs(), () => settle(settled))
  }

  #arrive<T>(
    { verb, isWrite, statement }: Question<T>,
    ms: number,
    done: (settled: { value: T } | Error) => void,
  ): void {
    const { server } = this.ports
    const perform = (): { value: T } | Error => {
      try {
        const value = server.run(this.process, isWrite, statement)
        if (verb === 'commit') this.ports.crashPoints.reached('after the commit', this.process)
        return { value }
      } catch (error) {
        server.world.log(`${this.process.node}: ${verb} fails`)
        return error as Error
      }
    }
    const timedOut = () => done(new Error('canceling statement due to statement timeout'))
    server.world.after(ms, () => server.whenReady(() => done(perform()), timedOut))
  }

  tell(what: Notification): void {
    const { link, notifications, server } = this.ports
    if (!this.process.alive || this.#closed || !link.isUp || server.behavior === 'down') return
    notifications.tell(this.process, what, link.behavior === 'flaky')
  }

  listen(callback: (what: Notification) => void): void {
    const { process } = this
    const { link, notifications, server } = this.ports
    const hear = (what: Notification) => {
      if (this.#closed || !link.isUp || server.behavior === 'down') return
      server.world.count(`notifications of ${what}`)
      whenRunning(process, () => callback(what))
    }
    notifications.listen({ process, hear })
  }

  close(): void {
    this.#closed = true
  }

  get observer(): ConnectionObserver {
    return this.ports.observer
  }
}

/** Of what a node counts. */
function isChange(verb: string): boolean {
  return verb === 'commit' || verb === 'claim' || verb === 'take' || verb === 'release'
}

/** What the store asks, over a connection. */
export function sharedDatabase(connection: NodeConnection, process: SimProcess): SharedDatabase {
  const { observer } = connection
  const write = <T>(verb: string, statement: Question<T>['statement']) =>
    connection.ask<T>({ verb, isWrite: true, statement })
  const read = <T>(verb: string, statement: Question<T>['statement']) =>
    connection.ask<T>({ verb, isWrite: false, statement })
  return {
    join: (node, leaseMs) => write('join', (tables) => tables.join(node, leaseMs)),
    renew: (session, leaseMs) => write('renew', (tables) => tables.renew(session, leaseMs)),
    leave: (session) => write('leave', (tables) => tables.leave(session)),
    declareDead: (session, leaseMs) =>
      write('declareDead', (tables) => tables.declareDead(session, leaseMs)),
    rescue: (limit) => write('rescue', (tables) => tables.rescue(limit)),
    commit(writes) {
      const copy = structuredClone(writes)
      observer.commitRequested(process, copy)
      return connection.ask({
        verb: 'commit',
        isWrite: true,
        statement: (tables) => tables.commit(copy),
        answered: (refused) => observer.acknowledged(process, copy, refused),
      })
    },
    undo: (session, all, now) => write('undo', (tables) => tables.undo(session, all, now)),
    claim: (session, capacity, except, number) =>
      write('claim', (tables) => tables.claim(session, capacity, except, number)),
    take: (session, id, number) => write('take', (tables) => tables.take(session, id, number)),
    unclaim: (session, numbers) => write('unclaim', (tables) => tables.unclaim(session, numbers)),
    release: (holds) => write('release', (tables) => tables.release(holds)),
    askToCancel: (id) => write('askToCancel', (tables) => tables.askToCancel(id)),
    cancelled: (session) => read('cancelled', (tables) => tables.cancelled(session)),
    ended: (ids) => read('ended', (tables) => tables.ended(ids)),
    unowned: (max) => read('unowned', (tables) => tables.unowned(max)),
    unownedDueMs: () => read('unownedDueMs', (tables) => tables.unownedDueMs()),
    nodes: (session) => read('nodes', (tables) => tables.nodes(session)),
    find: (id) => read('find', (tables) => tables.find(id)),
    findByKey: (key) => read('findByKey', (tables) => tables.findByKey(key)),
    list: (query) => read('list', (tables) => tables.list(query)),
    trim: () => write('trim', (tables) => tables.trim()),
    notify: (what) => connection.tell(what),
    onNotify: (callback) => connection.listen(callback),
    whatFailed: (error) => ((error as Error).constructor === Error ? 'connection' : 'program'),
    close: async () => connection.close(),
  }
}
