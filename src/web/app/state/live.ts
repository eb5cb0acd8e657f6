/**
 * The one stream of events of this tab. Views say what they are interested in; it asks for all of
 * that at once, comes back by itself, and tells them when to read again because events are missing.
 */
import { effect, signal, type ReadonlySignal } from '@preact/signals'
import { ApiError } from '../../../client/api-error.ts'
import type { Query } from '../../../client/client.ts'
import type { LiveEvent } from '../../../client/types.ts'
import { beforeNextFrame } from './frames.ts'
import { Inbox } from './inbox.ts'
import type { Session } from './session.ts'

export type LiveKind = 'overview' | 'droplet' | 'task'

export interface Interest {
  readonly kinds: readonly LiveKind[]
  /** Narrows the `task` events, as the parameters of task lists do. Of two interests the last wins. */
  readonly tasks?: Query
  /** Reads what the events add to: at first, and again whenever events may be missing. */
  read(): void
  event(event: LiveEvent): void
}

export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** Nobody sees the page. */
  | { readonly kind: 'paused' }
  /** `at`: when it tries again, Unix ms; `since`: of the first failure. */
  | { readonly kind: 'lost'; readonly at: number; readonly since: number; readonly error: unknown }

/** More than anybody can read, and less than would keep a browser busy. */
const TASKS_PER_SECOND = 25
/** An overview comes every second: after this silence the connection is dead. */
const SILENCE_MS = 8000
/** A proxy may hold a stream back: then what can be read is read without it. */
const READ_ANYWAY_MS = 1000
/** How long the events of a view that was left go on to come. */
const LEFT_MS = 1000
const FIRST_WAIT_MS = 500
const MAX_WAIT_MS = 5000
/** Who asks for more is asked again all the same; a timer of many days would fire at once. */
const MAX_ASKED_MS = 120_000

export class Live {
  readonly #connection = signal<Connection>({ kind: 'connecting' })
  readonly #interests = new Set<Interest>()
  /** Those that have not read since they came, or since events went missing. */
  readonly #unread = new Set<Interest>()
  readonly connection: ReadonlySignal<Connection> = this.#connection
  readonly #inbox = new Inbox((event) => this.#deliver(event), beforeNextFrame)
  #abort: AbortController | null = null
  #isRestarting = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #asked = ''
  #lastId: string | null = null
  /** In a row; a stream that brings nothing is one, too. */
  #failures = 0

  constructor(
    private readonly session: Session,
    private readonly isVisible: ReadonlySignal<boolean>,
  ) {
    // What was had with one token is nothing to go on from with another.
    effect(() => {
      if (session.client.value) this.#lastId = null
      this.#inbox.clear()
      this.retry()
    })
    effect(() => {
      if (isVisible.value && session.state.value.kind === 'in') this.#restart()
      else this.#pause()
    })
    window.addEventListener('online', () => this.retry())
  }

  /** Until the function is called that is returned. */
  subscribe(interest: Interest): () => void {
    this.#interests.add(interest)
    this.#unread.add(interest)
    // Perhaps only the stream does not get through.
    if (this.#connection.peek().kind === 'lost') this.#readAll()
    this.#restart()
    return () => {
      this.#interests.delete(interest)
      this.#unread.delete(interest)
      // Mostly another view comes in its place.
      setTimeout(() => this.#restart(), LEFT_MS)
    }
  }

  /** At once, not when its time has come. */
  retry(): void {
    this.#asked = ''
    this.#restart()
  }

  /** Once for all that changes in one turn. */
  #restart(): void {
    if (this.#isRestarting) return
    this.#isRestarting = true
    queueMicrotask(() => {
      this.#isRestarting = false
      const isWanted = this.isVisible.peek() && this.session.state.peek().kind === 'in'
      if (isWanted && this.#interests.size > 0) this.#open()
    })
  }

  #open(): void {
    const query = this.#query()
    const asked = JSON.stringify(query)
    if (this.#abort && asked === this.#asked) {
      if (this.#connection.peek().kind === 'live') this.#readAll()
      return
    }
    this.#close()
    this.#asked = asked
    this.#abort = new AbortController()
    if (this.#connection.peek().kind === 'paused') this.#connection.value = { kind: 'connecting' }
    // A page that has nothing yet shows something as soon as it can, and reads once more when no
    // event can be missed.
    const waitMs = this.#lastId === null ? 0 : READ_ANYWAY_MS
    this.#timer = setTimeout(() => this.#readAll(), waitMs)
    void this.#follow(query, this.#abort)
  }

  #pause(): void {
    this.#close()
    this.#failures = 0
    this.#connection.value = { kind: 'paused' }
  }

  #close(): void {
    clearTimeout(this.#timer)
    this.#abort?.abort()
    this.#abort = null
  }

  #query(): Query {
    const all = [...this.#interests]
    const kinds = [...new Set(all.flatMap((interest) => interest.kinds))].sort()
    const tasks = all.findLast((interest) => interest.tasks)?.tasks
    const rate = kinds.includes('task') ? { task_rate: TASKS_PER_SECOND } : {}
    return { ...tasks, kinds: kinds.join(','), ...rate }
  }

  async #follow(query: Query, abort: AbortController): Promise<void> {
    const { signal: isOver } = abort
    const ended = await this.#read(query, abort).then(
      () => new Error('The service has ended the connection'),
      (error: unknown) => error,
    )
    if (abort === this.#abort) this.#lose(isOver.reason ?? ended)
  }

  async #read(query: Query, abort: AbortController): Promise<void> {
    const client = this.session.client.peek()
    const watch = this.#watchSilence(abort)
    const opened = () => abort === this.#abort && this.#opened()
    const events = client.events(query, abort.signal, this.#lastId, opened)
    try {
      for await (const event of events) {
        if (abort !== this.#abort) return
        watch.heard()
        this.#arrived(event)
      }
    } finally {
      watch.stop()
    }
  }

  #opened(): void {
    clearTimeout(this.#timer)
    const wasLive = this.#connection.peek().kind === 'live'
    this.#connection.value = { kind: 'live' }
    for (const interest of this.#interests) {
      if (this.#hasMissed(interest, wasLive)) this.#unread.add(interest)
    }
    this.#readAll()
  }

  /** Of tasks the service sends what came since the last event; of all else only what comes now. */
  #hasMissed({ kinds }: Interest, wasLive: boolean): boolean {
    if (this.#lastId === null || kinds.includes('droplet')) return true
    return kinds.includes('overview') && !wasLive
  }

  #arrived(event: LiveEvent): void {
    this.#failures = 0
    if (event.id !== null) this.#lastId = event.id
    this.#inbox.add(event)
  }

  #deliver(event: LiveEvent): void {
    if (event.type === 'reset') {
      for (const interest of this.#interests) {
        if (interest.kinds.includes('task')) this.#unread.add(interest)
      }
      return this.#readAll()
    }
    for (const interest of this.#interests) {
      if (interest.kinds.includes(event.type)) interest.event(event)
    }
  }

  #lose(error: unknown): void {
    this.#close()
    // Signing in again starts anew.
    if (this.session.state.peek().kind === 'out') return
    const before = this.#connection.peek()
    const since = before.kind === 'lost' ? before.since : Date.now()
    const wait = waitMs(this.#failures++, error)
    const at = Date.now() + wait
    this.#connection.value = { kind: 'lost', at, since, error }
    this.#timer = setTimeout(() => this.#open(), wait)
    this.#readAll()
  }

  #watchSilence(abort: AbortController) {
    let timer: ReturnType<typeof setTimeout> | undefined
    const heard = () => {
      clearTimeout(timer)
      timer = setTimeout(
        () => abort.abort(new Error('The service has been silent for 8 seconds')),
        SILENCE_MS,
      )
    }
    heard()
    return { heard, stop: () => clearTimeout(timer) }
  }

  #readAll(): void {
    for (const interest of this.#unread) interest.read()
    this.#unread.clear()
  }
}

/** Longer with each failure, and not the same for all pages: they would come back at once. */
function waitMs(failures: number, error: unknown): number {
  const wait = Math.min(FIRST_WAIT_MS * 2 ** failures, MAX_WAIT_MS) * (0.75 + Math.random() / 2)
  const asked = error instanceof ApiError ? (error.retryAfterSeconds ?? 0) * 1000 : 0
  return Math.max(wait, Math.min(asked, MAX_ASKED_MS))
}
