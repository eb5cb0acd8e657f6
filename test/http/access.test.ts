/** Tokens: who gets in, for what, and what of it all a token for some droplets sees. */
import { describe, expect, test } from 'bun:test'
import { Admission } from '../../src/http/admission.ts'
import { TokenSet } from '../../src/access/tokens.ts'
import { createApp } from '../../src/http/app.ts'
import type { Engine } from '../../src/engine.ts'
import { testConfig } from '../support/config.ts'
import { allowRealTime } from '../support/eventually.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { recordingLog } from '../support/log.ts'
import { ASYNC, startOrchestrator, type Mesh } from '../support/orchestrator.ts'
import { json, scriptedServer } from '../support/scripted-server.ts'
import { tokensFile, type TestTokens } from '../support/tokens-file.ts'
import type { Feed } from '../../src/http/live/feed.ts'
import { dashboard } from '../../src/web/assets.ts'

allowRealTime()

const TASKS = '/orchestrator/tasks'

function start(file: TestTokens<string>, mesh: Mesh = {}, clock = new FakeClock()) {
  return startOrchestrator({ mesh, clock, config: { access: { tokensFile: file.path } } })
}

/** What is open to all, in every method that it knows. */
const OPEN = [
  ...['/', '/health', '/orchestrator/', '/orchestrator/health', '/orchestrator/ready'],
  ...['', '/json', '/start.js', '/swagger-ui.js', '/swagger-ui.css'].map(
    (rest) => `/orchestrator/docs${rest}`,
  ),
  ...dashboard.assets.map(({ name }) => `/orchestrator/assets/${name}`),
]

/** All routes that there are, with and without a slash at the end. */
function allRoutes(): { method: string; path: string }[] {
  const ports = { clock: new FakeClock(), log: recordingLog(), newId: () => 'id' }
  const engine = { config: testConfig() } as Engine
  const feed = {} as Feed
  const tokens = { current: new TokenSet([]) }
  const app = createApp(engine, { ...ports, dashboard, feed, tokens })
  return app.routes.map(({ method, path }) => ({ method, path: path.replace('//', '/') }))
}

test('every route but the open ones needs a token', async () => {
  using file = tokensFile({ all: 'admin' })
  await using service = await start(file)
  const routes = allRoutes()
  expect(routes.length).toBeGreaterThan(50)
  const open = new Set<string>()
  for (const { method, path } of routes) {
    const asked = path.replace(':task_id', 'x')
    const methods = method === 'GET' ? ['GET', 'HEAD'] : [method]
    for (const each of methods) {
      // A body that is none: it must not be looked at.
      const body = each === 'POST' ? { body: 'not json' } : {}
      const { status, headers } = await service.call(each, asked, body)
      if (status === 401) {
        expect(headers.get('www-authenticate')).toBe('Bearer realm="orchestrator"')
      } else {
        open.add(path.length > 1 && path !== '/orchestrator/' ? path.replace(/\/$/, '') : path)
      }
    }
  }
  open.delete('/orchestrator')
  expect([...open].toSorted()).toEqual(OPEN.toSorted())
})

describe('Authorization', () => {
  const CHALLENGE = 'Bearer realm="orchestrator"'

  test('without a token: 401 without an error, as RFC 6750 has it', async () => {
    using file = tokensFile({ ci: 'tasks:read' })
    await using service = await start(file)
    for (const authorization of [undefined, 'Basic YTpi', 'Digest x', file.tokens.ci]) {
      const {
        status,
        json: told,
        headers,
      } = await service.get(TASKS, authorization === undefined ? {} : { authorization })
      expect([status, told.error.code]).toEqual([401, 'UNAUTHORIZED'])
      expect(told.error.details).toEqual({ reason: 'missing' })
      expect(headers.get('www-authenticate')).toBe(CHALLENGE)
    }
  })

  test('what is no token, or not known, is told apart; never is it told back', async () => {
    using file = tokensFile({ ci: 'tasks:read' })
    using others = tokensFile({ ci: 'tasks:read' })
    await using service = await start(file)
    const { ci } = file.tokens
    const typo = ci.slice(0, 10) + (ci[10] === 'a' ? 'b' : 'a') + ci.slice(11)
    for (const [sent, reason] of [
      ['', 'malformed'],
      ['abc', 'malformed'],
      [`${ci} ${ci}`, 'malformed'],
      [`${ci}, Bearer ${ci}`, 'malformed'],
      [ci.slice(0, -1), 'malformed'],
      [typo, 'misspelt'],
      [others.tokens.ci, 'unknown'],
    ] as const) {
      const reply = await service.get(TASKS, { authorization: `Bearer ${sent}` })
      expect([sent, reply.status, reply.json.error.details.reason]).toEqual([sent, 401, reason])
      expect(reply.headers.get('www-authenticate')).toBe(
        `${CHALLENGE}, error="invalid_token", error_description="${reply.json.error.message}"`,
      )
      if (sent.length > 3) expect(reply.text).not.toContain(sent)
    }
    expect(JSON.stringify(service.log.lines)).not.toContain('orc_')
  })

  test('takes the scheme in any case', async () => {
    using file = tokensFile({ ci: 'tasks:read' })
    await using service = await start(file)
    for (const scheme of ['Bearer', 'bearer', 'BEARER ']) {
      const authorization = `${scheme} ${file.tokens.ci}`
      expect((await service.get(TASKS, { authorization })).status).toBe(200)
    }
  })

  test('a token that has expired is told so: it is valid to the end of its day, UTC', async () => {
    using file = tokensFile({ ci: { scopes: ['tasks:read'], expires: '2026-01-02' } })
    const clock = new FakeClock(Date.parse('2026-01-02T23:59:59.999Z'))
    await using service = await start(file, {}, clock)
    const ask = () => service.get(TASKS, file.bearer('ci'))
    expect((await ask()).status).toBe(200)
    await clock.advance(1)
    const { status, json: told, headers } = await ask()
    expect([status, told.error.details]).toEqual([401, { reason: 'expired' }])
    expect(told.error.message).toBe('The token has expired: its last day was 2026-01-02 (UTC)')
    expect(headers.get('www-authenticate')).toContain('error="invalid_token"')
  })

  test('two lines of one name: both live, until one is taken out', async () => {
    using file = tokensFile({ ci: 'tasks:read', 'ci/2': 'tasks:read' })
    await using service = await start(file)
    const statuses = async () => [
      (await service.get(TASKS, file.bearer('ci'))).status,
      (await service.get(TASKS, file.bearer('ci/2'))).status,
    ]
    expect(await statuses()).toEqual([200, 200])
    file.write(file.lines['ci/2'])
    await service.reload()
    expect(await statuses()).toEqual([401, 200])
  })

  test('an empty file lets nobody in, and warns', async () => {
    using file = tokensFile({ ci: 'admin' })
    file.write('# nobody\n')
    await using service = await start(file)
    expect((await service.get(TASKS, file.bearer('ci'))).status).toBe(401)
    expect(service.log.messages('WARNING')).toEqual([
      'the tokens file: it holds no tokens: nobody gets in',
    ])
  })
})

describe('a scope', () => {
  const SCOPED = { read: 'tasks:read', write: 'tasks:write', all: 'admin' } as const
  const EVENT = { target: 'echo', message_type: 'event' }
  const TASK = { droplet_name: 'echo', path: '/' }

  /** Who gets in, of the three. */
  test.each<[string, string, object | undefined, string]>([
    ['GET', TASKS, undefined, 'read all'],
    ['GET', `${TASKS}/ID`, undefined, 'read write all'],
    ['GET', `${TASKS}/ID?wait=1`, undefined, 'read write all'],
    ['GET', '/orchestrator/droplets', undefined, 'read all'],
    ['POST', TASKS, TASK, 'write all'],
    ['POST', `${TASKS}/ID/cancel`, undefined, 'write all'],
    ['POST', `${TASKS}/ID/replay`, undefined, 'write all'],
    ['POST', '/orchestrator/send', EVENT, 'write all'],
    ['POST', '/message', EVENT, 'write all'],
    ['POST', '/orchestrator/message', EVENT, 'write all'],
    ['GET', '/orchestrator/metrics', undefined, 'all'],
    ['GET', '/orchestrator/info', undefined, 'all'],
    ['GET', '/orchestrator/state', undefined, 'all'],
    ['GET', '/state', undefined, 'all'],
    ['GET', '/orchestrator/capabilities', undefined, 'read write all'],
    ['GET', '/dependencies', undefined, 'read write all'],
    ['GET', '/orchestrator/health', undefined, 'read write all'],
    ['GET', '/orchestrator/docs/json', undefined, 'read write all'],
  ])('for %s %s', async (method, path, body, who) => {
    await using droplet = scriptedServer(json(1))
    using file = tokensFile(SCOPED)
    await using service = await start(file, { echo: droplet.url })
    const { json: made } = await service.submit({}, file.bearer('all'))
    const at = path.replace('ID', made.task_id)
    const headers = { 'content-type': 'application/json' }
    for (const name of ['read', 'write', 'all'] as const) {
      const init = body ? { body: JSON.stringify(body) } : {}
      const reply = await service.call(method, at, {
        ...init,
        headers: { ...headers, ...file.bearer(name) },
      })
      // 409: the task has ended.
      expect([name, reply.status < 300 || reply.status === 409]).toEqual([name, who.includes(name)])
      if (reply.status < 400 || reply.status === 409) continue
      const { code, message, details } = reply.json.error
      expect([reply.status, code]).toEqual([403, 'FORBIDDEN'])
      expect(message).toBe(`This needs a token with the scope '${details.scope}'`)
      expect(reply.headers.get('www-authenticate')).toBe(
        `Bearer realm="orchestrator", error="insufficient_scope", error_description="${message}", scope="${details.scope}"`,
      )
    }
  })

  test('is asked for before the body is read', async () => {
    using file = tokensFile(SCOPED)
    await using service = await start(file)
    const headers = { 'content-type': 'text/plain', ...file.bearer('read') }
    const { status } = await service.call('POST', TASKS, { body: 'no JSON', headers })
    // 415 if the type of the body had been looked at, 400 if it had been read.
    expect(status).toBe(403)
  })
})

describe("a token's droplets", () => {
  const MESH = ['Echo', 'bill-1', 'bill-2', 'secret'] as const

  async function withTasks(
    work: (service: Awaited<ReturnType<typeof start>>, file: ReturnType<typeof files>) => unknown,
  ) {
    await using droplet = scriptedServer(json(1))
    using file = files()
    const mesh = Object.fromEntries(MESH.map((name) => [name, droplet.url]))
    await using service = await start(file, mesh)
    await work(service, file)
  }

  const scopes = ['tasks:read', 'tasks:write'] as const
  const files = () =>
    tokensFile({
      all: 'admin',
      some: { scopes, droplets: ['echo', 'BILL-*'] },
      bounded: { scopes: ['admin'], droplets: ['echo'] },
    })

  test('bound lists, their totals and their cursors', () =>
    withTasks(async (service, file) => {
      const ids: string[] = []
      for (let n = 0; n < 12; n++) {
        const dropletName = MESH[n % 4]!
        const headers = { ...(n % 3 ? ASYNC : {}), ...file.bearer('all') }
        const { json: made } = await service.submit({ droplet_name: dropletName }, headers)
        if (dropletName !== 'secret') ids.unshift(made.task_id)
      }
      const pages: string[][] = []
      let cursor = ''
      do {
        const { json: page } = await service.get(
          `${TASKS}?limit=4&cursor=${cursor}`,
          file.bearer('some'),
        )
        expect(page.total).toBe(9)
        pages.push(page.tasks.map(({ id }: { id: string }) => id))
        cursor = page.next_cursor ?? ''
      } while (cursor)
      expect(pages.map((page) => page.length)).toEqual([4, 4, 1])
      expect(pages.flat()).toEqual(ids)
      const total = async (query: string, name: 'some' | 'bounded' | 'all') =>
        (await service.get(`${TASKS}?${query}`, file.bearer(name))).json.total
      expect(await total('droplet_name=secret', 'some')).toBe(0)
      expect(await total('droplet_name=BILL-1', 'some')).toBe(3)
      expect(await total('mode=async', 'some')).toBe(6)
      expect(await total('mode=async', 'all')).toBe(8)
      expect(await total('', 'bounded')).toBe(3)
    }))

  test('a task of another is not there', () =>
    withTasks(async (service, file) => {
      const own = await service.submit({}, file.bearer('all'))
      const other = await service.submit({ droplet_name: 'secret' }, file.bearer('all'))
      const seen = async (id: string) => [
        (await service.get(`${TASKS}/${id}`, file.bearer('some'))).status,
        (await service.get(`${TASKS}/${id}?wait=1`, file.bearer('some'))).status,
        (await service.post(`${TASKS}/${id}/cancel`, undefined, file.bearer('some'))).status,
        (await service.post(`${TASKS}/${id}/replay`, undefined, file.bearer('some'))).status,
      ]
      expect(await seen(own.json.task_id)).toEqual([200, 200, 409, 200])
      expect(await seen(other.json.task_id)).toEqual([404, 404, 404, 404])
      const { json: unseen } = await service.get(
        `${TASKS}/${other.json.task_id}`,
        file.bearer('some'),
      )
      const { json: never } = await service.get(`${TASKS}/never`, file.bearer('some'))
      expect(Object.keys(unseen.error.details)).toEqual(Object.keys(never.error.details))
      expect(unseen.error.message).toBe(never.error.message)
    }))

  test('one that it may not use and one that there is not look the same', () =>
    withTasks(async (service, file) => {
      const submit = (name: string, headers = {}) =>
        service.submit({ droplet_name: name }, { ...file.bearer('some'), ...headers })
      const replies = [
        ['secret', await submit('secret')],
        ['nobody', await submit('nobody')],
        // The Registry is asked first whether it is there by now.
        ['bill-9', await service.passTime(submit('bill-9'))],
        ['secret', await submit('secret', { 'idempotency-key': 'k' })],
        ['nobody', await submit('nobody', ASYNC)],
      ] as const
      for (const [name, { status, json: told, headers }] of replies) {
        expect([name, status, told.error]).toEqual([
          name,
          403,
          {
            code: 'FORBIDDEN',
            message: `The token may not be used for a droplet '${name}', or there is none`,
            details: { requested_droplet: name, available_droplets: ['Echo', 'bill-1', 'bill-2'] },
          },
        ])
        expect(headers.get('www-authenticate')).toBeNull()
      }
      expect((await submit('BILL-2')).status).toBe(200)
      // Who has no list is told that there is none, as ever.
      const { status, json: told } = await service.passTime(
        service.submit({ droplet_name: 'nobody' }, file.bearer('all')),
      )
      expect([status, told.error.code]).toEqual([400, 'DROPLET_NOT_FOUND'])
    }))

  test('bound what it may send messages to, in the form of the mesh', () =>
    withTasks(async (service, file) => {
      const send = async (target: string) =>
        (
          await service.post(
            '/orchestrator/send',
            { target, message_type: 'event' },
            file.bearer('some'),
          )
        ).json
      expect(await send('echo')).toMatchObject({ sent: true })
      for (const target of ['secret', 'nobody']) {
        expect(await send(target)).toMatchObject({
          sent: false,
          result: { error: { code: 'FORBIDDEN', details: { requested_droplet: target } } },
        })
      }
    }))

  test('are all that the list of droplets has', () =>
    withTasks(async (service, file) => {
      const names = async (name: 'some' | 'bounded' | 'all') => {
        const { json: list } = await service.get('/orchestrator/droplets', file.bearer(name))
        return list.droplets.map((each: { name: string }) => each.name)
      }
      expect(await names('all')).toEqual([...MESH])
      expect(await names('some')).toEqual(['Echo', 'bill-1', 'bill-2'])
      expect(await names('bounded')).toEqual(['Echo'])
    }))

  test('a key belongs to the name of the token, and is shown to nobody', () =>
    withTasks(async (service, file) => {
      const key = { 'idempotency-key': 'k' }
      const first = await service.submit({}, { ...key, ...file.bearer('some') })
      const other = await service.submit({}, { ...key, ...file.bearer('bounded') })
      expect(other.json.task_id).not.toBe(first.json.task_id)
      const again = await service.submit({}, { ...key, ...file.bearer('some') })
      expect([again.json.task_id, again.headers.get('idempotency-replayed')]).toEqual([
        first.json.task_id,
        'true',
      ])
      const { text } = await service.get(`${TASKS}/${first.json.task_id}`, file.bearer('some'))
      expect(text).not.toContain('some k')
    }))
})

test("the log has the token's name, where there is one", async () => {
  await using droplet = scriptedServer(json(1))
  using file = tokensFile({ ci: 'tasks:read' })
  await using service = await start(file, { echo: droplet.url })
  await service.get(TASKS, file.bearer('ci'))
  await service.submit({}, file.bearer('ci'))
  await service.get(TASKS)
  await service.get(TASKS, { authorization: `Bearer ${file.tokens.ci.slice(0, -1)}x` })
  const requests = service.log.lines.filter(({ msg }) => msg === 'request')
  expect(requests.map(({ fields }) => [fields.status, fields.caller])).toEqual([
    [200, 'ci'],
    [403, 'ci'],
    [401, undefined],
    [401, undefined],
  ])
  expect(JSON.stringify(service.log.lines)).not.toContain('orc_')
})

test('who asks is known before a route is found, and looked up once', () => {
  using file = tokensFile({ ci: 'tasks:read' })
  const { ci } = file.tokens
  let found = 0
  const set = {
    find: (text: string) => {
      found++
      return text === ci ? { name: 'ci', scopes: new Set(), droplets: null, expiresAt: null } : null
    },
  } as unknown as TokenSet
  const admission = new Admission({ current: set }, { now: () => 0 })
  const request = new Request('http://h/', { headers: file.bearer('ci') })
  const settings = { headers: { 'x-request-id': 'r' } }
  expect(admission.identityOf(request, settings)).toBe('ci')
  expect(admission.identityOf(request, settings)).toBe('ci')
  expect(admission.callerOf(settings)).toEqual({ identity: 'ci', droplets: null, requestId: 'r' })
  expect(found).toBe(1)
  expect(admission.identityOf(new Request('http://h/'), { headers: {} })).toBeNull()
})

test('without tokens no route has a hook, and a route that forgot one is a bug', () => {
  const open = new Admission(null, { now: () => 0 })
  expect(open.route({ detail: {}, access: 'admin' })).toEqual({ detail: {} })
  expect(open.callerOf({ headers: { 'x-request-id': 'r' } }).droplets).toBeNull()
  const closed = new Admission({ current: new TokenSet([]) }, { now: () => 0 })
  expect(() => closed.callerOf({ headers: {} })).toThrow('lets anybody in')
})
