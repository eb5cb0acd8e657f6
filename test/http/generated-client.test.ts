/** The OpenAPI document in the hands of those who make clients from it. */
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { expect, test } from 'bun:test'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import openapiTS, { astToString } from 'openapi-typescript'
import { ROOT, runProcess } from '../support/binary.ts'
import { openApi } from '../support/documented.ts'
import { allowRealTime } from '../support/eventually.ts'
import { startOrchestrator } from '../support/orchestrator.ts'
import { json, scriptedServer } from '../support/scripted-server.ts'
import { temporaryDir } from '../support/temporary.ts'

allowRealTime()

test("Redocly's linter finds nothing", async () => {
  const config = await createConfig({ extends: ['recommended'] })
  const source = JSON.stringify(await openApi())
  const problems = await lintFromString({ source, absoluteRef: 'openapi.json', config })
  expect(problems.map(({ ruleId, message }) => `${ruleId}: ${message}`)).toEqual([])
})

test('no choice is an anyOf of constants, and no map has patterns for its names', async () => {
  const text = JSON.stringify(await openApi())
  expect(text).not.toMatch(/"anyOf":\[\{"const"/)
  expect(text).not.toContain('patternProperties')
  expect(text).toContain('"enum":["GET","POST"')
})

test('every operation has a name of its own, in the words of the API', async () => {
  const { paths } = await openApi()
  const names = Object.values(paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId as string),
  )
  expect(names).toEqual(
    expect.arrayContaining(['submitTask', 'listTasks', 'getTask', 'replayTask']),
  )
  expect(new Set(names).size).toBe(names.length)
  for (const name of names) expect(name).toMatch(/^[a-z]+([A-Z][a-z]+)+$/)
})

/** What a user of the generated client writes. Each `@ts-expect-error` must be needed. */
const USE = `
import createClient from 'openapi-fetch'
import type { components, paths } from './api.ts'

const { GET, POST } = createClient<paths>({ baseUrl: process.argv[2]! })
const { data, error } = await POST('/orchestrator/tasks', {
  body: { droplet_name: 'echo', path: '/hello' },
})
if (!data || !('response_status' in data)) throw new Error(JSON.stringify(error))
console.log(JSON.stringify({ status: data.status satisfies string, code: data.response_status }))

const query = { created_after: 1764000000.5, response_status: 200 }
const found = await GET('/orchestrator/tasks', { params: { query } })
const none = await GET('/orchestrator/tasks', {
  params: { query: { created_before: '2020-01-01T00:00:00Z', response_status: '5xx' } },
})
console.log(JSON.stringify([found.data?.total, none.data?.total]))
// @ts-expect-error No moment.
export const wrong: Parameters<typeof list>[0] = { created_after: true }
const list = (query: NonNullable<paths['/orchestrator/tasks']['get']['parameters']['query']>) => query

type Submit = components['schemas']['SubmitTask']
export const full: Submit = {
  droplet_name: 'echo',
  path: '/',
  method: 'PATCH',
  headers: { 'x-a': 'b' },
  payload: [1],
  meta: { a: null },
  timeout_ms: 1000,
}
// @ts-expect-error A misspelt field.
export const misspelt: Submit = { droplet_name: 'echo', path: '/', payloud: {} }
// @ts-expect-error A method that there is not.
export const unknown: Submit = { droplet_name: 'echo', path: '/', method: 'FETCH' }
// @ts-expect-error A header that is no text.
export const number: Submit = { droplet_name: 'echo', path: '/', headers: { 'x-a': 1 } }
// @ts-expect-error Without a path.
export const pathless: Submit = { droplet_name: 'echo' }
`

const TSCONFIG = {
  compilerOptions: {
    strict: true,
    noEmit: true,
    module: 'esnext',
    moduleResolution: 'bundler',
    allowImportingTsExtensions: true,
    types: ['bun-types'],
  },
}

test('a client from openapi-typescript submits a task, and its types refuse a typo', async () => {
  await using echo = scriptedServer(json({ fine: true }))
  await using service = await startOrchestrator({ mesh: { echo: echo.url } })
  using dir = temporaryDir()
  const document = JSON.stringify(await openApi())
  writeFileSync(dir.file('api.ts'), astToString(await openapiTS(document)))
  writeFileSync(dir.file('use.ts'), USE)
  writeFileSync(dir.file('tsconfig.json'), JSON.stringify(TSCONFIG))
  symlinkSync(join(ROOT, 'node_modules'), dir.file('node_modules'))

  const run = (...args: string[]) =>
    runProcess([process.execPath, ...args], { cwd: dir.path, env: { HOME: dir.path } })
  const types = await run('check')
  expect([types.code, types.stdout + types.stderr]).toEqual([0, expect.any(String)])
  const { code, stdout, stderr } = await run('use.ts', service.url)
  expect([code, stderr]).toEqual([0, ''])
  const [submitted, totals] = stdout.split('\n')
  expect(JSON.parse(submitted!)).toEqual({ status: 'success', code: 200 })
  expect(JSON.parse(totals!)).toEqual([1, 0])
  expect(echo.requests).toHaveLength(1)
})
