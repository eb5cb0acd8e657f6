/** What droplets answer: status, headers, bodies, codings, truncated, bombs. */
import fc from 'fast-check'
import { isDeepStrictEqual } from 'node:util'
import type { Area } from '../area.ts'
import {
  answers,
  bytesOf,
  isClean,
  plainBody,
  retryAfter,
  scripted,
  type ScriptedAnswer,
} from '../arbitraries/answers.ts'
import { COMPARABLE_DEPTH, damage, damaged, depthOf, jsonValue } from '../arbitraries/json-texts.ts'
import { rarely } from '../arbitraries/texts.ts'
import { expectProper } from '../proper.ts'
import type { Answered } from '../wire.ts'
import { MAX_ANSWER_BYTES, type World } from '../world.ts'
import { JSON_LINE, post, TASKS } from './submission.ts'

const body = fc.oneof(
  { weight: 4, arbitrary: jsonValue.map(latin1) },
  {
    weight: 1,
    arbitrary: fc.tuple(jsonValue, damage).map(([text, done]) => latin1(damaged(text, done))),
  },
  {
    weight: 2,
    arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => latin1(Buffer.from(bytes))),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', ' ', '\0', '\xef\xbb\xbf{}', '\xff\xfe', '\xc3\xa9'),
  },
)

function latin1(text: string | Buffer): string {
  return (typeof text === 'string' ? Buffer.from(text) : text).toString('latin1')
}

interface Input {
  readonly answer: ScriptedAnswer
  /** In place of the answer: 503 with this Retry-After, for a task that is tried again. */
  readonly retryAfter: string | null
}

export const droplets: Area<Input> = {
  name: 'droplets',
  share: 12,
  inputs: fc.record({
    answer: answers(body),
    retryAfter: rarely(retryAfter, 4),
  }),
  async run({ answer, retryAfter }, world) {
    world.droplet.requests.length = 0
    const bytes = retryAfter === null ? bytesOf(answer) : busy(retryAfter)
    world.dropletAnswers(
      scripted(bytes, stays(answer) ? 'stays open' : answer.end === 'reset' ? 'reset' : 'fin'),
    )
    try {
      const sent = await (retryAfter === null ? waitFor(answer, world) : tryAgain(world))
      // What is unpacked is work, too, up to the limit.
      return sent + bytes.length + Math.min(plainBody(answer).length, 2 * MAX_ANSWER_BYTES)
    } finally {
      world.reset()
    }
  },
}

const busy = (retryAfter: string) =>
  Buffer.from(
    `HTTP/1.1 503 Busy\r\nRetry-After: ${retryAfter}\r\nContent-Length: 0\r\n\r\n`,
    'latin1',
  )

/** Only what is complete may stay open: for more, the service would wait until its limit. */
const stays = ({ end, framing, cut, start, lines, saidCoding }: ScriptedAnswer) =>
  end === 'stays open' &&
  framing === 'length' &&
  cut === null &&
  saidCoding === null &&
  lines.length === 0 &&
  /^HTTP\/1\.1 [2-5]\d\d Scripted/.test(start)

async function waitFor(answer: ScriptedAnswer, world: World): Promise<number> {
  const task = { droplet_name: 'echo', path: '/', max_retries: 0 }
  const { answers, bytes } = await post(world, TASKS, Buffer.from(JSON.stringify(task)))
  const [told] = answers
  if (!told) throw new Error('the connection was closed without an answer')
  await expectProper(told, { route: ['POST', TASKS] })
  if (isClean(answer)) expectTrue(answer, told)
  const id = told.json.task_id ?? told.json.error.details.task_id
  const found = await fetch(`${world.url}${TASKS}/${id}`)
  const text = await found.text()
  const record = { status: found.status, headers: found.headers, text, json: JSON.parse(text) }
  await expectProper(record, { route: ['GET', `${TASKS}/${id}`] })
  return bytes + text.length
}

function expectTrue(answer: ScriptedAnswer, { status, json, text }: Answered) {
  const answered = Number(answer.start.split(' ')[1])
  if (status !== 200 || json.response_status !== answered) {
    throw new Error(
      `the droplet answered ${answered}, and the caller was told ${text.slice(0, 300)}`,
    )
  }
  const bytes = plainBody(answer)
  const { response_body: told } = json
  if (bytes.length > MAX_ANSWER_BYTES) {
    if (told?._truncated !== true) throw new Error(`${bytes.length} bytes were not cut off`)
  } else if (!isTold(bytes, text, told)) {
    throw new Error(`the caller was told another body: ${text.slice(0, 300)}`)
  }
}

function isTold(bytes: Buffer, text: string, told: unknown): boolean {
  if (depthOf(text) > COMPARABLE_DEPTH) return text.includes(bytes.toString())
  return isDeepStrictEqual(told, expectedBody(bytes))
}

/** The contract, section 2. */
function expectedBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return null
  let text
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return { _binary: true, _content_type: null, _base64: bytes.toString('base64') }
  }
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Its next attempt is due within the limits of the contract, whatever Retry-After says. */
async function tryAgain(world: World): Promise<number> {
  const task = { droplet_name: 'echo', path: '/', max_retries: 1 }
  const body = Buffer.from(JSON.stringify(task))
  const prefer = ['Prefer', 'respond-async'] as const
  const { answers, bytes } = await post(world, TASKS, body, [JSON_LINE, prefer])
  if (answers[0]?.status !== 202) throw new Error(`it was not accepted: ${answers[0]?.text}`)
  const url = `${world.url}${TASKS}/${answers[0].json.task_id}`
  for (let size = bytes; ;) {
    const text = await (await fetch(url)).text()
    const record = JSON.parse(text)
    size += text.length
    if (record.completed_at !== null) return size
    if (record.due_at !== null && record.attempts.length > 0) {
      expectDueInTime(record)
      await fetch(`${url}/cancel`, { method: 'POST' })
      return size
    }
    await Bun.sleep(1)
  }
}

interface Waiting {
  due_at: number
  attempts: { started_at: number; duration_ms: number }[]
}

function expectDueInTime({ due_at, attempts: [attempt] }: Waiting): void {
  const wait = due_at - attempt!.started_at - attempt!.duration_ms / 1000
  // The wall clock may be set, and is read a moment apart.
  if (!(wait > 0.5 && wait < 62)) throw new Error(`it is tried again after ${wait} s`)
}
