/** How the droplets of the simulated mesh behave. */
import type { JsonText } from '../../src/task.ts'
import type { Prng } from './prng.ts'

export type DropletMood =
  | 'well'
  | 'slow'
  | 'hanging'
  | 'failing'
  | 'busy'
  | 'resetting'
  | 'refusing'
  | 'cutting off'
  | 'lying'
  | 'odd'
  | 'huge'
  | 'whimsical'

export interface SimDroplet {
  readonly name: string
  readonly url: string
  mood: DropletMood
  listed: boolean
  active: boolean
  /** It has not always been listed: tasks may have been refused. */
  wasUnlisted: boolean
}

/** What a droplet is going to do with one request. */
export interface Plan {
  delayMs: number
  end: 'refuse' | 'reset' | 'hang' | 'answer'
  answer: Answer
  /** The droplet did what was asked, whatever it says. */
  done: boolean
}

export interface Answer {
  status: number
  headers: Record<string, string>
  body: string | Uint8Array<ArrayBuffer>
  /** What the service must make of the body. */
  json: JsonText | null
  retryAfter: { seconds: number; asDate: boolean } | null
  /** The body comes in pieces, this far apart. */
  gapMs: number | null
  /** After how many bytes the connection breaks, or nothing comes any more. */
  broken: { after: number; how: 'cut' | 'stall' } | null
}

export function meshOf(names: readonly string[]): SimDroplet[] {
  return names.map((name) => ({
    name,
    url: `http://${name.toLowerCase()}.mesh/base`,
    mood: 'well',
    listed: true,
    active: true,
    wasUnlisted: false,
  }))
}

export const MAX_RESPONSE_BYTES = 24 * 1024

const WHIMS: Partial<Record<DropletMood, number>> = {
  well: 6,
  slow: 2,
  hanging: 1,
  failing: 3,
  busy: 2,
  resetting: 2,
  refusing: 1,
  'cutting off': 1,
  lying: 2,
  odd: 2,
  huge: 1,
}

export function randomMood(chance: Prng): DropletMood {
  return chance.weighted<DropletMood>({ ...WHIMS, whimsical: 5 })
}

export function planFor(mood: DropletMood, request: string, chance: Prng): Plan {
  const prompt = chance.between(0.3, 150)
  const fine: Plan = { delayMs: prompt, end: 'answer', answer: good(request, chance), done: true }
  switch (mood) {
    case 'well':
      return fine
    case 'slow':
      return { ...fine, delayMs: chance.between(500, 40_000) }
    case 'hanging':
      return { ...fine, end: 'hang', done: chance.chance(0.5) }
    case 'failing':
      return { ...fine, answer: text(chance.pick([500, 502, 504]), 'oh no'), done: false }
    case 'busy':
      return { ...fine, answer: busy(chance), done: false }
    case 'resetting':
      return { ...fine, end: 'reset', done: chance.chance(0.5) }
    case 'refusing':
      return { ...fine, end: 'refuse', delayMs: chance.between(0.1, 3), done: false }
    case 'cutting off':
      return { ...fine, answer: cut(request, chance) }
    case 'lying':
      // It says that it failed and has done it, or the other way round.
      return chance.chance(0.5)
        ? { ...fine, answer: text(500, 'failed, it says') }
        : { ...fine, done: false }
    case 'odd':
      return { ...fine, answer: odd(chance) }
    case 'huge':
      return { ...fine, answer: huge(chance) }
    case 'whimsical':
      return planFor(chance.weighted(WHIMS), request, chance)
  }
}

function text(status: number, body: string, headers: Record<string, string> = {}): Answer {
  const json = body === '' ? null : JSON.stringify(body)
  return { status, headers, body, json, retryAfter: null, gapMs: null, broken: null }
}

function good(request: string, chance: Prng): Answer {
  const json = `{"ok": true, "request": "${request}", "id": 12345678901234567890}`
  const gapMs = chance.chance(0.15) ? chance.between(0.1, 400) : null
  return { ...text(chance.pick([200, 200, 201, 202]), json), json, gapMs }
}

function busy(chance: Prng): Answer {
  const seconds = chance.pick([0, 1, 3, 10, 30, 59, 90, 100_000])
  return { ...text(503, 'busy'), retryAfter: { seconds, asDate: chance.chance(0.4) } }
}

function cut(request: string, chance: Prng): Answer {
  const how = chance.chance(0.6) ? 'cut' : 'stall'
  const answer = good(request, chance)
  return { ...answer, gapMs: chance.between(0.1, 100), broken: { after: chance.whole(0, 20), how } }
}

function odd(chance: Prng): Answer {
  const binary = new Uint8Array([0xff, 0xfe, 0, chance.whole(0, 255)])
  const _base64 = Buffer.from(binary).toString('base64')
  const image = JSON.stringify({ _binary: true, _content_type: 'image/x', _base64 })
  return chance.pick<Answer>([
    text(chance.pick([400, 404, 409, 422, 429]), 'no'),
    text(302, '', { location: 'http://elsewhere/' }),
    text(200, ''),
    text(200, 'plain words, no JSON'),
    { ...text(200, ''), body: binary, json: image, headers: { 'content-type': 'image/x' } },
    { ...text(429, 'slow down'), retryAfter: { seconds: 5, asDate: false } },
  ])
}

function huge(chance: Prng): Answer {
  // Too large for the history, or too large to be read.
  const bytes = chance.pick([12 * 1024, MAX_RESPONSE_BYTES - 2, 2 * MAX_RESPONSE_BYTES])
  const answer = text(chance.pick([200, 200, 500]), 'x'.repeat(bytes))
  return { ...answer, gapMs: chance.chance(0.5) ? chance.between(0.1, 20) : null }
}
