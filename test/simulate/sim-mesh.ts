/** The network: requests take simulated time, and what may happen to them does. */
import type { Fetch, FetchInit } from '../../src/ports.ts'
import { MAX_RESPONSE_BYTES, planFor, type Answer, type SimDroplet } from './droplets.ts'
import type { Ending, Sent } from './known.ts'
import type { Prng } from './prng.ts'
import type { CrashPoint, Process } from './process.ts'
import { connectionError, REGISTRY_URL, type SimRegistry } from './sim-registry.ts'
import type { World } from './world.ts'

export interface MeshWatch {
  /** A task's request arrives at its droplet. */
  sent(process: Process, droplet: SimDroplet, url: string, init: FetchInit): Sent | null
  /** It is over: told before the service can know. */
  ended(sent: Sent, ending: Ending): void
  crashesAt(point: CrashPoint): boolean
}

interface Connection {
  readonly process: Process
  readonly sent: Sent | null
  settle(result: Response | Error): void
  open: boolean
  /** Breaks a body that is on its way. */
  cut: (error: Error) => void
}

export class SimMesh {
  readonly #open = new Set<Connection>()
  readonly #chance: Prng

  constructor(
    private readonly world: World,
    readonly droplets: readonly SimDroplet[],
    private readonly registry: SimRegistry,
    private readonly watch: MeshWatch,
  ) {
    this.#chance = world.chance.fork('mesh')
  }

  fetch(process: Process): Fetch {
    return (url, init) => {
      if (!process.alive) return new Promise(() => {})
      if (init.signal.aborted) return Promise.reject(abortError())
      return new Promise((resolve, reject) => {
        this.#request(process, url, init, (result) => {
          if (!process.alive) return
          if (result instanceof Error) reject(result)
          else resolve(result)
        })
      })
    }
  }

  /** The process is gone, and its connections with it. */
  crash(): void {
    for (const connection of this.#open) this.#end(connection, { kind: 'crash' })
  }

  #request(
    process: Process,
    url: string,
    init: FetchInit,
    settle: (result: Response | Error) => void,
  ): void {
    const droplet = this.droplets.find((each) => url.startsWith(`${each.url}/`))
    const isTask = init.headers['x-task-id'] !== undefined
    if (isTask && this.watch.crashesAt('before the droplet sees it')) return
    const sent = droplet && isTask ? this.watch.sent(process, droplet, url, init) : null
    const connection: Connection = { process, sent, settle, open: true, cut: settle }
    this.#open.add(connection)
    init.signal.addEventListener('abort', () => {
      if (this.#end(connection, { kind: 'aborted' })) connection.cut(abortError())
    })
    if (isTask && this.watch.crashesAt('after the droplet saw it')) return
    if (url.startsWith(REGISTRY_URL)) {
      this.registry.answer(url, init, (result) => {
        if (this.#end(connection, { kind: 'broken' })) settle(result)
      })
    } else if (droplet) this.#serve(connection, droplet)
    else this.#break(connection, connectionError('ENOTFOUND'))
  }

  #serve(connection: Connection, droplet: SimDroplet): void {
    const { sent } = connection
    const request = sent ? `${sent.task.id} ${sent.attempt}` : 'health'
    const plan = planFor(droplet.mood, request, this.#chance)
    if (plan.end === 'hang') return
    this.world.after(plan.delayMs, () => {
      if (!connection.open) return
      if (sent && this.watch.crashesAt('as the answer comes')) return
      if (plan.end === 'refuse') this.#break(connection, connectionError('ECONNREFUSED'))
      else if (plan.end === 'reset') this.#break(connection, connectionError('ECONNRESET'))
      else this.#answer(connection, plan.answer)
    })
  }

  #break(connection: Connection, error: Error): void {
    if (this.#end(connection, { kind: 'broken' })) connection.cut(error)
  }

  #answer(connection: Connection, answer: Answer): void {
    const bytes = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body
    const { retryAfterMs, headers } = this.#headers(answer)
    const { status, json } = answer
    const tooLarge = bytes.byteLength > MAX_RESPONSE_BYTES
    const ending: Ending = { kind: 'answered', status, json, tooLarge, retryAfterMs }
    if (this.#chance.chance(0.7)) headers['content-length'] = String(bytes.byteLength)
    if (answer.gapMs === null) {
      if (this.#end(connection, ending)) {
        connection.settle(new Response(bytes.byteLength === 0 ? null : bytes, { status, headers }))
      }
      return
    }
    const body = this.#bodyInPieces(connection, bytes, answer, answer.gapMs, ending)
    connection.settle(new Response(body, { status, headers }))
  }

  #bodyInPieces(
    connection: Connection,
    bytes: Uint8Array,
    { broken }: Answer,
    gapMs: number,
    ending: Ending & { kind: 'answered' },
  ): ReadableStream<Uint8Array> {
    const sendable = Math.min(broken?.after ?? bytes.byteLength, bytes.byteLength)
    const piece = Math.max(1, Math.ceil(sendable / 3))
    let at = 0
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        connection.cut = (error) => controller.error(error)
        const send = () => {
          if (!connection.open) return
          if (at < sendable) {
            const end = Math.min(at + piece, sendable)
            controller.enqueue(Uint8Array.from(bytes.subarray(at, end)))
            at = end
          } else if (broken?.how === 'cut') {
            return this.#break(connection, connectionError('ECONNRESET'))
          } else {
            if (broken === null && this.#end(connection, ending)) controller.close()
            return
          }
          this.world.after(gapMs, send)
        }
        this.world.after(gapMs, send)
      },
      // The service may stop reading only what is too large.
      cancel: () => void this.#end(connection, ending.tooLarge ? ending : { kind: 'aborted' }),
    })
  }

  #headers({ headers, retryAfter, status }: Answer): {
    headers: Record<string, string>
    retryAfterMs: number
  } {
    if (!retryAfter) return { headers: { ...headers }, retryAfterMs: 0 }
    const { wall } = this.world
    const { seconds, asDate } = retryAfter
    const date = Math.floor(wall / 1000) * 1000 + seconds * 1000
    const value = asDate ? new Date(date).toUTCString() : String(seconds)
    const asked = asDate ? Math.max(0, date - wall) : seconds * 1000
    return {
      headers: { ...headers, 'retry-after': value },
      retryAfterMs: status === 503 ? asked : 0,
    }
  }

  /** False when it was over already. */
  #end(connection: Connection, ending: Ending): boolean {
    if (!connection.open) return false
    connection.open = false
    this.#open.delete(connection)
    if (connection.sent) this.watch.ended(connection.sent, ending)
    return true
  }
}

function abortError(): Error {
  return new DOMException('The operation was aborted.', 'AbortError')
}
