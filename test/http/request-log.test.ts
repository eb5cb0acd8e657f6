/** The line that each request leaves in the log. */
import { expect, test } from 'bun:test'
import { connect } from 'node:net'
import { dashboard } from '../../src/web/assets.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { ASYNC, startOrchestrator, type TestOrchestrator } from '../support/orchestrator.ts'
import { hang, json, scriptedServer, type Answer } from '../support/scripted-server.ts'

allowRealTime()

async function using(
  work: (service: TestOrchestrator) => Promise<void>,
  answer: Answer = json({ fine: true }),
): Promise<void> {
  await using upstream = scriptedServer(answer)
  await using service = await startOrchestrator({
    mesh: { Echo: upstream.url },
    config: { maxBodyBytes: 2000 },
  })
  await work(service)
}

/** The line of the request with this id; it comes after the answer. */
function lineOf({ log }: TestOrchestrator, requestId: string) {
  return eventually(`the line of ${requestId}`, () =>
    log.lines.find(
      ({ msg, fields }) =>
        fields.request_id === requestId && ['request', 'the caller hung up'].includes(msg),
    ),
  )
}

/** The fields without those that are undefined. */
const said = (fields: object) => JSON.parse(JSON.stringify(fields)) as unknown

test('a task that was created: its id and its droplet', () =>
  using(async (service) => {
    const { json } = await service.submit({}, { 'x-request-id': 'r-1' })
    const { level, fields } = await lineOf(service, 'r-1')
    expect(level).toBe('INFO')
    expect(said(fields)).toEqual({
      request_id: 'r-1',
      method: 'POST',
      route: '/orchestrator/tasks',
      status: 200,
      duration_ms: 0,
      task_id: json.task_id,
      trace_id: json.task_id.replaceAll('-', ''),
      droplet: 'Echo',
    })
  }))

test('the route is the pattern, and the status the one that was sent', () =>
  using(async (service) => {
    const { json } = await service.submit({}, { ...ASYNC, 'x-request-id': 'r-async' })
    expect((await lineOf(service, 'r-async')).fields).toMatchObject({
      status: 202,
      task_id: json.task_id,
    })
    const path = `/orchestrator/tasks/${json.task_id}`
    await service.task(json.task_id, ({ status }) => status === 'success')
    await service.get(`${path}?wait=1`, { 'x-request-id': 'r-get' })
    await service.post(`${path}/cancel`, undefined, { 'x-request-id': 'r-cancel' })
    await service.get('/', { 'x-request-id': 'r-root' })
    const route = '/orchestrator/tasks/:task_id'
    expect((await lineOf(service, 'r-get')).fields).toMatchObject({
      ...{ method: 'GET', route, status: 200, task_id: json.task_id, droplet: 'Echo' },
    })
    expect(said((await lineOf(service, 'r-cancel')).fields)).toMatchObject({
      ...{ route: `${route}/cancel`, status: 409, code: 'TASK_FINISHED', task_id: json.task_id },
    })
    expect((await lineOf(service, 'r-root')).fields).toMatchObject({ route: '/', status: 302 })
  }))

test.each([
  ['GET', '/secret/path', {}, { route: '(none)', status: 404, code: 'NOT_FOUND' }],
  ['PUT', '/orchestrator/tasks', {}, { route: '(none)', status: 405, code: 'METHOD_NOT_ALLOWED' }],
  ['GET', '/orchestrator/tasks/secret', {}, { status: 404, code: 'TASK_NOT_FOUND' }],
  ['GET', '/orchestrator/tasks?limit=secret', {}, { status: 400, code: 'INVALID_REQUEST' }],
  ['POST', '/orchestrator/tasks', { body: 'secret' }, { status: 400, code: 'INVALID_REQUEST' }],
  ['POST', '/orchestrator/tasks', { body: 'secret'.repeat(999) }, { status: 413 }],
])('what is refused has its code, and nothing that the caller wrote: %s %s', (...args) =>
  using(async (service) => {
    const [method, path, init, expected] = args
    await service.call(method, path, { ...init, headers: { 'x-request-id': 'r-1' } })
    const line = await lineOf(service, 'r-1')
    expect(line.level).toBe('INFO')
    expect(line.fields).toMatchObject({ method, ...expected })
    expect(JSON.stringify(line)).not.toContain('secret')
  }),
)

test('one line, also with a slash at the end', () =>
  using(async (service) => {
    for (const path of ['/orchestrator/tasks', '/orchestrator/tasks/', '/orchestrator/info/']) {
      await service.get(path, { 'x-request-id': 'r-1' })
    }
    await service.get('/', { 'x-request-id': 'r-2' })
    await lineOf(service, 'r-2')
    const lines = service.log.lines.filter(({ fields }) => fields.request_id === 'r-1')
    const routes = lines.map(({ fields }) => fields.route)
    expect(routes).toEqual(['/orchestrator/tasks', '/orchestrator/tasks', '/orchestrator/info'])
  }))

test('a Host that is no host', () =>
  using(async (service) => {
    const { port, hostname } = new URL(service.url)
    const socket = connect(Number(port), hostname)
    socket.write('GET /orchestrator/tasks HTTP/1.1\r\nhost: a b\r\nx-request-id: r-1\r\n\r\n')
    const { fields } = await lineOf(service, 'r-1')
    expect(fields).toMatchObject({ route: '(none)', status: 400, code: 'INVALID_REQUEST' })
    socket.destroy()
  }))

test('a task that got no answer', () =>
  using(async (service) => {
    const body = { timeout_ms: 1000, max_retries: 0 }
    const reply = service.submit(body, { 'x-request-id': 'r-1' })
    const { json } = await service.passTime(reply)
    const { fields } = await lineOf(service, 'r-1')
    expect(fields).toMatchObject({ status: 504, code: 'TIMEOUT', droplet: 'Echo' })
    expect(fields.task_id).toBe(json.error.details.task_id)
    expect(fields.duration_ms).toBeGreaterThanOrEqual(1000)
  }, hang))

const SCRIPT = `/assets/${dashboard.assets[0]!.name}`

test.each(['/health', '/ready', '/metrics', '/docs', '/docs/json', '/', SCRIPT])(
  '%s is only for DEBUG',
  (path) =>
    using(async (service) => {
      await service.get(`/orchestrator${path}`, { 'x-request-id': 'r-1' })
      expect((await lineOf(service, 'r-1')).level).toBe('DEBUG')
    }),
)

const HALVES = {
  'with a length': 'content-length: 100\r\n\r\n{"droplet',
  'in chunks': 'transfer-encoding: chunked\r\n\r\n3\r\n{"d\r\n',
}

test.each(Object.keys(HALVES) as (keyof typeof HALVES)[])(
  'a caller that hangs up within its body %s is no error of ours',
  (half) =>
    using(async (service) => {
      const { port, hostname } = new URL(service.url)
      const socket = connect(Number(port), hostname)
      socket.write(
        `POST /orchestrator/tasks HTTP/1.1\r\nhost: x\r\nx-request-id: r-1\r\n${HALVES[half]}`,
      )
      // It has arrived when another request has been answered.
      await service.get('/orchestrator/ready')
      socket.destroy()
      const { level, msg, fields } = await lineOf(service, 'r-1')
      expect([level, msg, fields.status]).toEqual(['INFO', 'the caller hung up', 499])
      expect(service.log.messages('ERROR')).toEqual([])
    }),
)

test('a caller that hangs up while it waits: its task is named and goes on', () => {
  let answer = () => {}
  const answered = new Promise<void>((resolve) => (answer = resolve))
  return using(
    async (service) => {
      const leaving = new AbortController()
      const headers = { 'content-type': 'application/json', 'x-request-id': 'r-1' }
      const body = JSON.stringify({ droplet_name: 'echo', path: '/' })
      const reply = fetch(`${service.url}/orchestrator/tasks`, {
        ...{ method: 'POST', body, headers, signal: leaving.signal },
      })
      await eventually('a running task', () => service.engine.tasks.running === 1)
      leaving.abort()
      await reply.catch(() => {})
      // Of who has waited for less, the log does not ask.
      await service.clock.advance(100)
      // It has noticed when it has answered others.
      for (let asked = 0; asked < 3; asked++) await service.get('/orchestrator/ready')
      answer()
      const { level, msg, fields } = await lineOf(service, 'r-1')
      expect([level, msg, fields.status]).toEqual(['INFO', 'the caller hung up', 499])
      const task = await service.task(String(fields.task_id))
      expect(task.status).toBe('success')
    },
    async (wire) => {
      await answered
      await json({})(wire)
    },
  )
})
