/** The copied call, run by a real shell: what curl would be given. */
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { curlOf } from '../../src/web/app/task/curl.ts'
import { bodyOf, type RawTask } from '../../src/web/app/task/submission.ts'
import { taskExample } from '../../src/http/docs/examples.ts'
import type { Task } from '../../src/client/types.ts'

/** A shell function that prints its arguments, each with a NUL after it. */
const PRINT = `curl() { printf '%s\\0' "$@"; }\n`

function argumentsOf(call: string, env: Record<string, string> = {}): string[] {
  const { stdout } = Bun.spawnSync(['sh', '-c', PRINT + call], { env })
  return stdout.toString().split('\0').slice(0, -1)
}

const call = { url: 'http://h:1/orchestrator/tasks', isAsync: true, needsToken: true }

test('the shell makes of it what was meant', () => {
  const body = `{"payload":"it's 'quoted'\n$HOME \`id\` \\\\ \\"x\\" ! % é 😀"}`
  const token = { ORCHESTRATOR_TOKEN: 'orc_secret' }
  expect(argumentsOf(curlOf({ ...call, body }), token)).toEqual([
    ...['-X', 'POST', call.url],
    ...['-H', 'Authorization: Bearer orc_secret'],
    ...['-H', 'Content-Type: application/json'],
    ...['-H', 'Prefer: respond-async'],
    ...['--data-raw', body],
  ])
  const plain = { ...call, body: '{}', isAsync: false, needsToken: false }
  expect(argumentsOf(curlOf(plain))).toHaveLength(7)
})

test('of any body', () => {
  const texts = fc.string({ unit: 'binary' }).filter((text) => !/[\0\ud800-\udfff]/u.test(text))
  fc.assert(
    fc.property(texts, (body) => {
      expect(argumentsOf(curlOf({ ...call, body })).at(-1)).toBe(body)
    }),
    { numRuns: 25 },
  )
})

const raw: RawTask = {
  task: taskExample as Task,
  payload: '{"n":12345678901234567890}',
  meta: 'null',
  responseBody: 'null',
}

test('the body asks for the same, digit by digit; of secret headers only the names are known', () => {
  const body = bodyOf(raw, ['Authorization'])
  expect(body).toContain('"payload":{"n":12345678901234567890}')
  expect(JSON.parse(body)).toMatchObject({
    droplet_name: 'echo',
    method: 'POST',
    path: '/greet?lang=en',
    headers: { 'accept-language': 'en', Authorization: '<authorization>' },
    timeout_ms: 30_000,
    max_retries: 3,
  })
  expect(JSON.parse(body)).not.toHaveProperty('meta')
})
