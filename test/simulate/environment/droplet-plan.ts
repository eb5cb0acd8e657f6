/** What a droplet does with one request. */
import type { JsonText } from '../../../src/task.ts'
import type { Prng } from '../world/prng.ts'
import { isAway } from './outage.ts'
import { BEHAVIOR_WEIGHTS, type DropletBehavior, type SimDroplet } from './sim-droplet.ts'

export interface Plan {
  delayMs: number
  end: 'refuse' | 'reset' | 'hang' | 'answer'
  answer: Answer
}

export interface Answer {
  status: number
  headers: Record<string, string>
  body: string | Uint8Array<ArrayBuffer>
  /** What the service must make of the body. */
  json: JsonText | null
  retryAfter: { seconds: number; asDate: boolean } | null
  /** The body comes in pieces, with this much time between them; null: in one piece. */
  gapMs: number | null
  /** After how many bytes the connection breaks ('cut'), or nothing more comes ('stall'). */
  broken: { after: number; how: 'cut' | 'stall' } | null
}

export const MAX_RESPONSE_BYTES = 24 * 1024

/** `url`: where the request goes. */
export function planFor(droplet: SimDroplet, url: string, request: string, random: Prng): Plan {
  const plan = planOf(droplet.behavior, request, random)
  if (!url.startsWith(`${droplet.url}/`)) return { ...plan, ...refused(random) }
  if (!isAway(droplet)) return plan
  switch (droplet.outages.at(-1)!.kind) {
    case 'refusing':
      return { ...plan, ...refused(random) }
    case 'hanging':
      return { ...plan, end: 'hang' }
    case 'proxied': {
      const answer = text(random.pick([502, 503, 504]), 'bad gateway')
      return { delayMs: random.between(0.3, 20), end: 'answer', answer }
    }
  }
}

function refused(random: Prng): Pick<Plan, 'end' | 'delayMs'> {
  return { end: 'refuse', delayMs: random.between(0.1, 3) }
}

function planOf(behavior: DropletBehavior, request: string, random: Prng): Plan {
  const prompt = random.between(0.3, 150)
  const healthy: Plan = { delayMs: prompt, end: 'answer', answer: good(request, random) }
  switch (behavior) {
    case 'healthy':
      return healthy
    case 'slow':
      return { ...healthy, delayMs: random.between(500, 40_000) }
    case 'hanging':
      return { ...healthy, end: 'hang' }
    case 'failing':
      return { ...healthy, answer: text(random.pick([500, 502, 504]), 'oh no') }
    case 'busy':
      return { ...healthy, answer: busy(random) }
    case 'resetting':
      return { ...healthy, end: 'reset' }
    case 'refusing':
      return { ...healthy, ...refused(random) }
    case 'truncating':
      return { ...healthy, answer: truncated(request, random) }
    case 'lying':
      return random.chance(0.5) ? { ...healthy, answer: text(500, 'failed, it says') } : healthy
    case 'unusual':
      return { ...healthy, answer: unusual(random) }
    case 'large':
      return { ...healthy, answer: large(random) }
    case 'mixed':
      return planOf(random.weighted(BEHAVIOR_WEIGHTS), request, random)
  }
}

function text(status: number, body: string, headers: Record<string, string> = {}): Answer {
  const json = body === '' ? null : JSON.stringify(body)
  return { status, headers, body, json, retryAfter: null, gapMs: null, broken: null }
}

function good(request: string, random: Prng): Answer {
  const json = `{"ok": true, "request": "${request}", "id": 12345678901234567890}`
  const gapMs = random.chance(0.15) ? random.between(0.1, 400) : null
  return { ...text(random.pick([200, 200, 201, 202]), json), json, gapMs }
}

function busy(random: Prng): Answer {
  const seconds = random.pick([0, 1, 3, 10, 30, 59, 90, 100_000])
  return { ...text(503, 'busy'), retryAfter: { seconds, asDate: random.chance(0.4) } }
}

function truncated(request: string, random: Prng): Answer {
  const how = random.chance(0.6) ? 'cut' : 'stall'
  const gapMs = random.between(0.1, 100)
  return { ...good(request, random), gapMs, broken: { after: random.integer(0, 20), how } }
}

function unusual(random: Prng): Answer {
  const binary = new Uint8Array([0xff, 0xfe, 0, random.integer(0, 255)])
  const _base64 = Buffer.from(binary).toString('base64')
  const image = JSON.stringify({ _binary: true, _content_type: 'image/x', _base64 })
  return random.pick<Answer>([
    text(random.pick([400, 404, 409, 422, 429]), 'no'),
    text(302, '', { location: 'http://elsewhere/' }),
    text(200, ''),
    text(200, 'plain words, no JSON'),
    { ...text(200, ''), body: binary, json: image, headers: { 'content-type': 'image/x' } },
    { ...text(429, 'slow down'), retryAfter: { seconds: 5, asDate: false } },
  ])
}

function large(random: Prng): Answer {
  // Too large for the history, or too large to be read.
  const bytes = random.pick([12 * 1024, MAX_RESPONSE_BYTES - 2, 2 * MAX_RESPONSE_BYTES])
  const answer = text(random.pick([200, 200, 500]), 'x'.repeat(bytes))
  return { ...answer, gapMs: random.chance(0.5) ? random.between(0.1, 20) : null }
}
