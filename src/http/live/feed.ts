/**
 * What happens, for those who watch. What they are sent is made once for all who asked for the
 * same, and in one piece every 25 ms: ten pages cost little more than one. While nobody watches, a
 * task costs nothing here but its place in the charts.
 */
import { keyOf, type DropletNames } from '../../access/droplet-names.ts'
import type { Engine } from '../../engine.ts'
import type { EventBus, TaskEvent } from '../../events.ts'
import type { Ports } from '../../ports.ts'
import { dropletView, type Mesh } from '../droplets-view.ts'
import { seconds } from '../seconds.ts'
import { Channel } from './channel.ts'
import { DropletChanges } from './droplet-changes.ts'
import { eventText, resetText, RETRY_TEXT } from './event-text.ts'
import { Past } from './past.ts'
import { encode, mayWait, Reader } from './reader.ts'
import type { Selection } from './selection.ts'
import { TaskChange, type EventIds } from './task-change.ts'
import type { View } from './view.ts'
import { Views } from './views.ts'

const FLUSH_MS = 25
const SECOND_MS = 1000
/** A comment is sent to whom nothing else was sent for so long, s. */
const HEARTBEAT_SECONDS = 15
/** How long changes are kept when nobody watches any more: a reader may come back, ms. */
const LINGER_MS = 60_000
/** Streams at once. */
export const MAX_READERS = 1000

export interface Watcher {
  readonly droplets: DropletNames | null
  readonly selection: Selection
  /** `Last-Event-ID`: what came since then comes first. null: from now on. */
  readonly lastEventId: string | null
  /** Asked once a second: the stream ends when it may no longer be read. */
  mayGoOn(): boolean
}

export class Feed {
  readonly views: Views
  readonly #past: Past
  readonly #channels = new Map<string, Channel>()
  readonly #watchers = new Map<Reader, Watcher>()
  readonly #droplets: DropletChanges
  readonly #ids: EventIds
  #cancelFlush: (() => void) | null = null
  #cancelTick = () => {}
  #flushTick = 0
  #emptyTick = -Infinity
  #ticks = 0
  #isOver = false

  constructor(
    private readonly engine: Mesh & Pick<Engine, 'tasks' | 'store'>,
    events: EventBus,
    private readonly ports: Pick<Ports, 'clock' | 'newId'>,
  ) {
    this.views = new Views(engine, ports.clock, events)
    this.#past = new Past(ports.newId)
    this.#ids = this.#past
    this.#droplets = new DropletChanges(engine, events, () => this.#watchers.size > 0)
    const types = ['accepted', 'attempt started', 'attempt ended', 'ended'] as const
    for (const type of types) events.on(type, (event) => this.#note(event as TaskEvent))
  }

  /** Whose events they are, where several nodes share the work; null: there are no others. */
  get node(): string | null {
    return this.engine.store.shared?.node.name ?? null
  }

  /** How many watch. */
  get size(): number {
    return this.#watchers.size
  }

  /** Begins to fill the charts, and to tell once a second how it goes. */
  start(): void {
    if (this.#isOver) return
    // Right after a whole second: then the last one is complete.
    const sinceSecond = this.ports.clock.monotonic() % SECOND_MS
    this.#cancelTick = this.ports.clock.after(SECOND_MS - sinceSecond + 1, () => {
      this.#tick()
      this.start()
    })
  }

  /** Ends all streams. May be called again. */
  stop(): void {
    this.#isOver = true
    this.#cancelTick()
    this.#cancelFlush?.()
    for (const reader of this.#watchers.keys()) reader.close()
  }

  /**
   * A stream of what happens from now on, or since the last event that the watcher had; and when
   * it is over.
   */
  watch(watcher: Watcher): { stream: ReadableStream<Uint8Array>; over: Promise<void> } {
    this.#past.begin()
    const channel = this.#channelOf(watcher)
    const { promise: over, resolve } = Promise.withResolvers<void>()
    const left = () => {
      this.#leave(reader, channel)
      resolve()
    }
    const reader = new Reader(left, () => mayWait(this.#watchers.size))
    channel.readers.add(reader)
    this.#watchers.set(reader, watcher)
    reader.send(this.#greeting(watcher, channel), channel.farewell)
    if (this.#isOver) reader.close()
    return { stream: reader.stream, over }
  }

  #greeting(watcher: Watcher, channel: Channel): Uint8Array[] {
    const overview = channel.wants('overview') ? [this.#firstOverview(channel)] : []
    return [encode(RETRY_TEXT), ...this.#missed(watcher, channel), ...overview]
  }

  #missed({ lastEventId }: Watcher, channel: Channel): Uint8Array[] {
    if (lastEventId === null) return []
    const missed = this.#past.since(lastEventId)
    if (!missed) {
      return [encode(resetText(channel.lastId, 'what came since then is not known any more'))]
    }
    const shown = missed.filter((change) => channel.shows(change))
    return shown.map((change) => change.messageOf(this.#ids))
  }

  #channelOf({ droplets, selection }: Watcher): Channel {
    const key = JSON.stringify([keyOf(droplets), selection, [...selection.kinds]])
    let channel = this.#channels.get(key)
    if (!channel) {
      channel = new Channel(this.views.of(droplets), selection, this.#ids)
      this.#channels.set(key, channel)
    }
    return channel
  }

  #leave(reader: Reader, channel: Channel): void {
    channel.readers.delete(reader)
    this.#watchers.delete(reader)
    if (channel.readers.size === 0) {
      for (const [key, each] of this.#channels) if (each === channel) this.#channels.delete(key)
    }
    if (this.#watchers.size > 0) return
    this.#emptyTick = this.ports.clock.monotonic()
    this.#droplets.forget()
  }

  #note(event: TaskEvent): void {
    if (this.#watchers.size === 0 && this.#isForgotten()) return
    const change = this.#past.add((seq) => new TaskChange(seq, event))
    for (const channel of this.#channels.values()) channel.add(change)
    if (this.#channels.size > 0) this.#flushSoon()
  }

  /** Whether nobody who watched could come back for what happens now. */
  #isForgotten(): boolean {
    if (!this.#past.isNoting) return true
    if (this.ports.clock.monotonic() - this.#emptyTick < LINGER_MS) return false
    this.#past.end()
    return true
  }

  #flushSoon(): void {
    this.#cancelFlush ??= this.ports.clock.after(FLUSH_MS, () => this.#flush())
  }

  #flush(): void {
    this.#cancelFlush = null
    const tick = this.ports.clock.monotonic()
    const sinceMs = tick - this.#flushTick
    this.#flushTick = tick
    for (const channel of this.#channels.values()) channel.flush(sinceMs, tick)
    if (this.#channels.values().some((channel) => channel.isBehind)) this.#flushSoon()
  }

  #tick(): void {
    this.views.sample(new Set(this.#channels.values().map(({ view }) => view)))
    if (this.#watchers.size === 0) return
    for (const [reader, watcher] of this.#watchers) if (!watcher.mayGoOn()) reader.close()
    const channels = [...this.#channels.values()]
    this.#tellOfDroplets(channels.filter((channel) => channel.wants('droplet')))
    this.#tellOverview(channels.filter((channel) => channel.wants('overview')))
    if (this.#ticks++ % HEARTBEAT_SECONDS === 0) for (const each of channels) each.heartbeat()
  }

  /** Made once for all who may see the same: it looks at every droplet while one is away. */
  #tellOverview(channels: readonly Channel[]): void {
    for (const [view, group] of Map.groupBy(channels, (channel) => channel.view)) {
      const json = this.#overviewOf(view)
      for (const channel of group) channel.send(eventText('overview', channel.lastId, json))
    }
  }

  #tellOfDroplets(channels: readonly Channel[]): void {
    if (channels.length === 0) return
    const view = dropletView(this.engine, true)
    const changed = this.#droplets
      .take()
      .map((droplet) => ({ name: droplet.name, json: JSON.stringify(view(droplet)) }))
    for (const channel of channels) {
      const visible = changed.filter(({ name }) => channel.view.shows(name))
      const texts = visible.map((each) => eventText('droplet', channel.lastId, each.json))
      if (texts.length > 0) channel.send(texts.join(''))
    }
  }

  #firstOverview({ view, lastId }: Channel): Uint8Array {
    return encode(eventText('overview', lastId, this.#overviewOf(view)))
  }

  #overviewOf(view: View): string {
    const time = seconds(this.ports.clock.now())
    return JSON.stringify({ time, ...view.now(), point: view.point() })
  }
}
