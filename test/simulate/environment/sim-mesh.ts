/** The network: requests take simulated time, and can fail on the way. */
import type { Fetch, FetchInit, Resolve } from '../../../src/ports.ts'
import type { CrashPoints } from '../faults/crash-points.ts'
import type { RequestResult, SentRequest } from '../model/sent-request.ts'
import { whenRunning, type SimProcess } from '../service/sim-process.ts'
import type { Prng } from '../world/prng.ts'
import type { World } from '../world/world.ts'
import { bodyInPieces } from './body-in-pieces.ts'
import { Connection, type Settle } from './connection.ts'
import { MAX_RESPONSE_BYTES, planFor, type Answer } from './droplet-plan.ts'
import { retryAfterHeader } from './retry-after-header.ts'
import type { SimDroplet } from './sim-droplet.ts'
import { connectionError, REGISTRY_URL, type SimRegistry } from './sim-registry.ts'

export interface MeshObserver {
  /** A task's request arrives at its droplet. Null: it is of no known task. */
  requestArrived(process: SimProcess, url: string, init: FetchInit): SentRequest | null
  /** It is over; the service doesn't know yet. */
  requestEnded(process: SimProcess, request: SentRequest, result: RequestResult): void
  /** A droplet's `/health` was asked for. */
  probeEnded(process: SimProcess, droplet: string, result: RequestResult): void
}

export class SimMesh {
  readonly #open = new Set<Connection>()
  readonly #random: Prng

  constructor(
    private readonly world: World,
    private readonly droplets: readonly SimDroplet[],
    private readonly registry: SimRegistry,
    private readonly observer: MeshObserver,
    private readonly crashPoints: CrashPoints,
  ) {
    this.#random = world.random.fork('mesh')
  }

  fetch(process: SimProcess): Fetch {
    return (url, init) => {
      if (!process.alive) return new Promise(() => {})
      if (init.signal.aborted) return Promise.reject(abortError())
      return new Promise((resolve, reject) => {
        this.#request(process, url, init, (result) => {
          whenRunning(process, () => {
            if (result instanceof Error) reject(result)
            else resolve(result)
          })
        })
      })
    }
  }

  /** All names are known, and at one address. */
  resolve(process: SimProcess): Resolve {
    const resolved = Promise.resolve({ addresses: ['10.0.0.1'], ttlMs: 0 })
    return () => (process.alive ? resolved : new Promise(() => {}))
  }

  /** The process is gone, and its connections with it. */
  crash(process: SimProcess): void {
    for (const connection of this.#open) {
      if (connection.process === process) connection.end({ kind: 'crashed' })
    }
  }

  #request(process: SimProcess, url: string, init: FetchInit, settle: Settle): void {
    const { crashPoints, registry } = this
    const droplet = this.droplets.find((each) => isOfDroplet(each, url))
    const isTask = init.headers['x-task-id'] !== undefined
    if (isTask && crashPoints.reached('before the droplet gets the request', process)) return
    const request = droplet && isTask ? this.observer.requestArrived(process, url, init) : null
    const probed = isTask ? undefined : droplet
    const connection = this.#connect(process, request ?? probed ?? null, settle)
    init.signal.addEventListener('abort', () => {
      connection.break({ kind: 'aborted' }, abortError())
    })
    if (isTask && crashPoints.reached('after the droplet got the request', process)) return
    if (url.startsWith(REGISTRY_URL)) {
      registry.answer(url, init, (result) => {
        const isOpen = connection.end({ kind: 'failed' })
        if (isOpen) settle(result)
        return isOpen && process.alive
      })
    } else if (droplet) this.#serve(connection, droplet, url)
    else connection.fail(connectionError('ENOTFOUND'))
  }

  /** `about`: a task's request; or the droplet whose health is asked for. */
  #connect(
    process: SimProcess,
    about: SentRequest | SimDroplet | null,
    settle: Settle,
  ): Connection {
    const request = about !== null && 'task' in about ? about : null
    const connection: Connection = new Connection(process, request, settle, (result) => {
      this.#open.delete(connection)
      if (request) this.observer.requestEnded(process, request, result)
      else if (about) this.observer.probeEnded(process, (about as SimDroplet).name, result)
    })
    this.#open.add(connection)
    return connection
  }

  #serve(connection: Connection, droplet: SimDroplet, url: string): void {
    const { request } = connection
    const label = request ? `${request.task.id} ${request.attempt}` : 'health'
    const plan = planFor(droplet, url, label, this.#random)
    if (plan.end === 'hang') return
    this.world.after(plan.delayMs, () => {
      if (!connection.open) return
      if (request && this.crashPoints.reached('when the answer comes', connection.process)) return
      if (plan.end === 'refuse') connection.fail(connectionError('ECONNREFUSED'))
      else if (plan.end === 'reset') connection.fail(connectionError('ECONNRESET'))
      else if (request) this.#answer(connection, plan.answer)
      // Only its status is looked at.
      else this.#answer(connection, { ...plan.answer, gapMs: null })
    })
  }

  #answer(connection: Connection, answer: Answer): void {
    const bytes = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body
    const { status, json, retryAfter } = answer
    const { value, waitMs } = retryAfterHeader(retryAfter, connection.process.wall())
    const headers = { ...answer.headers }
    if (value !== null) headers['retry-after'] = value
    const tooLarge = bytes.byteLength > MAX_RESPONSE_BYTES
    const retryAfterMs = status === 503 ? waitMs : 0
    const result = { kind: 'answered', status, json, tooLarge, retryAfterMs } as const
    if (this.#random.chance(0.7)) headers['content-length'] = String(bytes.byteLength)
    if (answer.gapMs !== null) {
      const body = bodyInPieces(this.world, connection, bytes, answer, result)
      connection.settle(new Response(body, { status, headers }))
    } else if (connection.end(result)) {
      connection.settle(new Response(bytes.byteLength === 0 ? null : bytes, { status, headers }))
    }
  }
}

function isOfDroplet({ addresses }: SimDroplet, url: string): boolean {
  return addresses.some((address) => url.startsWith(`${address}/`))
}

function abortError(): Error {
  return new DOMException('The operation was aborted.', 'AbortError')
}
