/** What every answer must be, whatever was asked: the contract, section 1. */
import type { ErrorCode } from '../../src/errors.ts'
import { STATUS_OF } from '../../src/http/error-reply.ts'
import { expectDocumented, expectShape } from '../support/documented.ts'
import { ROOT } from '../support/binary.ts'
import { COMPARABLE_DEPTH, depthOf } from './arbitraries/json-texts.ts'
import type { Answered } from './wire.ts'

/** No fuzzed request is worth one of these. */
const NEVER = new Set<ErrorCode>(['INTERNAL_ERROR', 'STORE_UNAVAILABLE', 'SHUTTING_DOWN'])

/** Answers of Bun's own parser: README, "Limits". */
const BARE = new Set([400, 413, 417, 431, 501, 505])

/** What shows how the service is made. */
const LEAKS = [/^\s*at .+:\d+:\d+/m, /node_modules/, /\$bunfs/, /<!doctype/i, /\bbun:/]

export interface Expectation {
  /** Its route; without it only errors are looked at. */
  route?: readonly [method: string, path: string]
  /** Whether the parser may have refused it, before the service saw it. */
  mayBeBare?: boolean
  head?: boolean
}

/** Throws when the answer is not one that the service may give. */
export async function expectProper(answer: Answered, expected: Expectation = {}): Promise<void> {
  const { status, headers, text, json } = answer
  if (expected.mayBeBare && isBare(answer)) return
  if (!headers.has('x-request-id')) throw new Error(`${status} without an X-Request-ID: ${text}`)
  if (expected.head) return
  if (status >= 400) expectEnvelope(answer)
  if (!expected.route || (status < 400 && json === undefined)) return
  const [method, path] = expected.route
  await expectDocumented(method, path, status, comparable(answer))
}

/** Without the body of a droplet, where that is too deep: the contract says nothing of its shape. */
function comparable({ text, json }: Answered): unknown {
  return depthOf(text) > COMPARABLE_DEPTH ? { ...json, response_body: null } : json
}

function isBare({ status, headers, text }: Answered): boolean {
  return BARE.has(status) && text === '' && !headers.has('x-request-id')
}

function expectEnvelope({ status, text, json }: Answered): void {
  if (json === undefined) throw new Error(`${status} without our error body: ${text.slice(0, 500)}`)
  expectShape('Error', json)
  const { code } = json.error as { code: ErrorCode }
  if (STATUS_OF[code] !== status) throw new Error(`${status} with the code ${code}`)
  if (NEVER.has(code)) throw new Error(`it failed: ${text.slice(0, 500)}`)
  const lines = text.replaceAll('\\n', '\n')
  const leak = [...LEAKS, new RegExp(RegExp.escape(ROOT))].find((each) => each.test(lines))
  if (leak) throw new Error(`it tells how it is made (${leak}): ${text.slice(0, 500)}`)
}
