/** Tasks at once, for droplets that fail: small bulkheads, and circuits that open. */
import fc from 'fast-check'
import { reply, reset, type Answer } from '../../support/scripted-server.ts'
import type { Area } from '../area.ts'
import { rarely } from '../arbitraries/texts.ts'
import { expectProper } from '../proper.ts'
import type { Answered, Exchange } from '../wire.ts'
import type { World } from '../world.ts'
import { aMoment, JSON_LINE, post, sentFor, TASKS } from './submission.ts'

const AT_ONCE = 2
const WAITING = 1
const ALL_AT_ONCE = 5

const STEP_MS = 50

/** A circuit that has opened stays so for a while: others are asked meanwhile. */
const DROPLETS = Array.from({ length: 200 }, (_, n) => `gate-${n}`)

const MOODS = ['answers', 'fails', 'is away', 'is cut'] as const
const INSTEAD: Record<(typeof MOODS)[number], Answer> = {
  answers: reply({ body: '{}' }),
  fails: reply({ status: 500 }),
  'is away': reply({ status: 503, headers: { 'retry-after': '1' } }),
  'is cut': reset,
}

interface Input {
  /** The first of the droplets, which are neighbours. */
  readonly first: number
  readonly tasks: readonly {
    readonly droplet: 0 | 1
    readonly mood: (typeof MOODS)[number]
    readonly async: boolean
    readonly max_retries: number
  }[]
  /** No request is answered until all have come as far as they can. */
  readonly held: boolean
}

export const gate: Area<Input> = {
  name: 'gate',
  share: 2,
  setup: {
    env: {
      BREAKER_THRESHOLD: '2',
      BREAKER_GRACE: '0',
      DROPLET_MAX_CONCURRENCY: String(AT_ONCE),
      DROPLET_MAX_WAITING: String(WAITING),
      TASK_MAX_RUNNING: String(ALL_AT_ONCE),
      TASK_MAX_QUEUED: '500',
    },
    droplets: DROPLETS,
  },
  inputs: fc.record({
    first: fc.nat(DROPLETS.length - 2),
    tasks: fc.array(
      fc.record({
        droplet: fc.constantFrom<(0 | 1)[]>(0, 0, 0, 1),
        // Most answer: until a circuit opens, the bulkheads are what counts.
        mood: fc.constantFrom('answers', 'answers', 'answers', 'fails', ...MOODS),
        async: fc.oneof(
          { weight: 5, arbitrary: fc.constant(false) },
          { weight: 1, arbitrary: fc.constant(true) },
        ),
        // One that waits for its next attempt takes a second of the whole run.
        max_retries: rarely(fc.constant(1), 40).map((retries) => retries ?? 0),
      }),
      { minLength: 1, maxLength: 8 },
    ),
    held: fc.boolean(),
  }),
  async run(input, world) {
    world.droplet.requests.length = 0
    const far = new FarEnd(world, input.held)
    const asked = input.tasks.map((_, at) => ask(input, at, world))
    let answered = 0
    for (const each of asked) void each.then(() => answered++).catch(() => answered++)
    const isOver = () => answered === asked.length
    await aMoment(world)
    while (!isOver() && !far.isFull(answered, asked.length)) await world.pass(STEP_MS)
    far.release()
    // Some wait for a probe, or for their next attempt, by the clock of the service.
    while (!isOver()) await world.pass(STEP_MS)
    const answers = await Promise.all(asked)
    world.reset()
    far.expectWithinLimits()
    for (const [answer] of answers.map((each) => each.answers)) await expectAnswer(answer, world)
    const size = answers.reduce((sum, { bytes }) => sum + bytes, 0)
    return { bytes: size, requests: answers.length }
  },
}

function ask({ first, tasks }: Input, at: number, world: World): Promise<Exchange> {
  const { droplet, mood, async: isAsync, max_retries } = tasks[at]!
  const task = {
    droplet_name: DROPLETS[first + droplet],
    path: `/${DROPLETS[first + droplet]}`,
    headers: { 'X-Mood': mood },
    max_retries,
  }
  const lines = isAsync ? [JSON_LINE, ['Prefer', 'respond-async'] as const] : [JSON_LINE]
  return post(world, TASKS, Buffer.from(JSON.stringify(task)), lines)
}

/** The server of all droplets, which counts what is under way. */
class FarEnd {
  readonly #underWay = new Map<string, number>()
  #all = 0
  #most = 0
  #mostOfOne = 0
  #open: () => void = () => {}

  constructor(world: World, held: boolean) {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#open = resolve
    if (!held) resolve()
    world.dropletAnswers(async (wire) => {
      const { url, headers } = wire.request
      const mood = headers['x-mood'] as keyof typeof INSTEAD | undefined
      if (mood === undefined) return INSTEAD.answers(wire)
      this.#count(url, 1)
      await promise
      this.#count(url, -1)
      await INSTEAD[mood](wire)
    })
  }

  release(): void {
    this.#open()
  }

  /** Nothing more comes before one of them is answered. */
  isFull(answered: number, asked: number): boolean {
    const open = asked - answered
    return this.#all > 0 && open <= Math.min(this.#all + 2 * WAITING, ALL_AT_ONCE)
  }

  expectWithinLimits(): void {
    if (this.#mostOfOne > AT_ONCE) throw new Error(`${this.#mostOfOne} at once at one droplet`)
    if (this.#most > ALL_AT_ONCE) throw new Error(`${this.#most} at once at all droplets`)
  }

  #count(url: string, by: 1 | -1): void {
    this.#all += by
    this.#underWay.set(url, (this.#underWay.get(url) ?? 0) + by)
    this.#most = Math.max(this.#most, this.#all)
    this.#mostOfOne = Math.max(this.#mostOfOne, this.#underWay.get(url)!)
  }
}

const LATER = new Set(['OVERLOADED', 'CIRCUIT_OPEN'])

async function expectAnswer(answer: Answered | undefined, world: World): Promise<void> {
  if (!answer) throw new Error('the connection was closed without an answer')
  await expectProper(answer, { route: ['POST', TASKS] })
  const { status, json, headers } = answer
  if (status < 400) return
  const { code, details } = json.error
  if (!LATER.has(code)) {
    if (code !== 'DROPLET_UNREACHABLE') throw new Error(`a task was refused: ${answer.text}`)
    return
  }
  const after = Number(headers.get('retry-after'))
  if (!(after >= 1 && after <= 61)) throw new Error(`${code}, with Retry-After: ${after}`)
  const wasSent = sentFor(world, answer).length > 0
  if (wasSent && details.task_id === undefined) throw new Error(`it was ${code}, and sent`)
}
