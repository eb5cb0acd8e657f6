/** What the service logs, as whoever runs it sees it. */
import { expect, test } from 'bun:test'
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { binaryPath, ROOT, startProcess } from '../support/binary.ts'
import { freePort, serviceHome } from '../support/binary-service.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { hang, json, scriptedServer } from '../support/scripted-server.ts'

allowRealTime()

/** What the service prints on a terminal until it listens. */
async function onTerminal(env: Record<string, string>): Promise<string> {
  using home = serviceHome({})
  let shown = ''
  const decoder = new TextDecoder()
  const subprocess = Bun.spawn([binaryPath()], {
    env: { ...home.env, TZ: 'Asia/Kolkata', ...env },
    cwd: home.path,
    terminal: { cols: 200, data: (_, bytes) => void (shown += decoder.decode(bytes)) },
  })
  try {
    await eventually('listening', () => shown.includes('listening'))
  } finally {
    subprocess.kill('SIGTERM')
    await subprocess.exited
    subprocess.terminal?.close()
  }
  return shown
}

const LISTENING =
  /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \+05:30 INFO {4}listening url=http:\/\/127/m

test('on a terminal: text with date, offset and colours', async () => {
  const shown = await onTerminal({ TERM: 'xterm-256color', NO_COLOR: '' })
  expect(shown).toContain('\x1b[32mINFO')
  expect(Bun.stripANSI(shown)).toMatch(LISTENING)
})

test.each<Record<string, string>>([{ NO_COLOR: '1' }, { TERM: 'dumb' }])(
  'on a terminal with %j: no colours',
  async (env) => {
    const shown = await onTerminal({ TERM: 'xterm', ...env })
    expect(shown).not.toContain('\x1b')
    expect(shown).toMatch(LISTENING)
  },
)

test('in a pipe: LOG_FORMAT=text has no colours', async () => {
  using home = serviceHome({})
  await using service = home.launch({ LOG_FORMAT: 'text', TZ: 'Asia/Kolkata' })
  await eventually('listening', () => LISTENING.test(service.stdout))
  expect(service.stdout).not.toContain('\x1b')
})

test.each(['throw new Error(`two\nlines`)', 'void Promise.reject(new Error(`two\nlines`))'])(
  'a crash by %j is the last line of the log',
  async (bug) => {
    using home = serviceHome({})
    const preload = home.file('bug.ts')
    await Bun.write(preload, `process.on('SIGUSR2', () => { ${bug} })`)
    const main = join(ROOT, 'src/main.ts')
    await using service = startProcess([process.execPath, '--preload', preload, main, 'serve'], {
      // With these set, it does not start itself again, which would be without the bug.
      env: { ...home.env, BUN_CONFIG_MAX_HTTP_REQUESTS: '65535', UV_THREADPOOL_SIZE: '16' },
      cwd: home.path,
    })
    await eventually('listening', () => service.stdout.includes('listening'))
    service.signal('SIGUSR2')
    expect(await service.exited).toBe(1)
    expect(JSON.parse(service.stdout.trimEnd().split('\n').at(-1)!)).toMatchObject({
      level: 'ERROR',
      msg: 'the service crashed',
      error: 'two lines',
      stack: expect.stringContaining('bug.ts'),
    })
    expect(service.stderr).toBe('')
  },
)

test('with a request id one finds the task, its attempts and its end', async () => {
  await using failing = scriptedServer(json({}, 503))
  using home = serviceHome({ echo: failing.url })
  await using service = await home.start()
  const headers = { 'x-request-id': 'find-me' }
  const { json: reply } = await service.submit({ path: '/a?k=v', max_retries: 1 }, headers)
  await eventually('the request', () => service.log('request').length > 0)

  const lines = service.log().filter(({ request_id }) => request_id === 'find-me')
  expect(lines.map(({ msg, level }) => [level, msg])).toEqual([
    ['WARNING', 'attempt failed'],
    ['WARNING', 'attempt failed'],
    ['WARNING', 'task failed'],
    ['INFO', 'request'],
  ])
  for (const line of lines) expect(line).toMatchObject({ task_id: reply.task_id, droplet: 'echo' })
  expect(lines[0]).toMatchObject({
    ...{ attempt: 1, response_status: 503, target: `${failing.url}/a?k=REDACTED` },
    next_in_ms: expect.any(Number),
  })
  expect(lines[1]).not.toHaveProperty('next_in_ms')
  expect(lines[2]).toMatchObject({ status: 'error', attempts: 2, error: 'HTTP 503' })
  expect(lines[3]).toMatchObject({ method: 'POST', route: '/orchestrator/tasks', status: 200 })
  expect(service.log('a droplet is down')).toMatchObject([{ level: 'INFO', droplet: 'echo' }])
})

test('no secret of a caller or a droplet is in the log, at any level', async () => {
  await using echo = scriptedServer(json({ body: 'PLANTED' }, 200, { 'set-cookie': 'PLANTED' }))
  await using failing = scriptedServer(json({ error: 'PLANTED' }, 500, { location: '/PLANTED' }))
  await using hanging = scriptedServer(hang)
  const gone = 'http://127.0.0.1:1'
  using home = serviceHome({ echo: echo.url, failing: failing.url, hanging: hanging.url, gone })
  await using service = await home.start({ LOG_LEVEL: 'DEBUG' })
  const secret = {
    ...{ path: '/x?token=PLANTED&PLANTED', payload: { PLANTED: 'PLANTED' }, method: 'POST' },
    ...{ headers: { 'x-token': 'PLANTED' }, meta: { note: 'PLANTED' } },
    ...{ max_retries: 0, timeout_ms: 200 },
  }
  const headers = { 'idempotency-key': 'PLANTED', authorization: 'Bearer PLANTED' }
  const tasks = '/orchestrator/tasks'
  for (const droplet_name of ['echo', 'failing', 'hanging', 'gone', 'PLANTED']) {
    await service.submit({ ...secret, droplet_name }, { authorization: 'Bearer PLANTED' })
    await service.submit({ ...secret, droplet_name }, { prefer: 'respond-async' })
    await service.submit({ ...secret, droplet_name }, headers)
  }
  await service.submit({ ...secret, method: 'PLANTED', path: 'PLANTED' })
  await service.call('POST', tasks, { body: 'PLANTED' })
  for (const path of [`${tasks}/PLANTED`, `${tasks}?cursor=PLANTED`, '/PLANTED?PLANTED']) {
    await service.get(path)
  }
  const { json: list } = await service.get(tasks)
  await service.call('POST', `${tasks}/${list.tasks[0].id}/replay?PLANTED`)
  await service.stop()
  expect(service.log('task failed').length).toBeGreaterThan(6)
  expect(service.log('attempt ended').length).toBeGreaterThan(1)
  expect(service.stdout + service.stderr).not.toContain('PLANTED')
})

test('health is answered while nobody reads the log', async () => {
  using home = serviceHome({})
  const path = home.file('stdout')
  Bun.spawnSync(['mkfifo', path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const port = await freePort()
  const service = Bun.spawn([binaryPath()], {
    env: { ...home.env, PORT: String(port) },
    cwd: home.path,
    stdout: openSync(path, 'w'),
  })
  const get = (resource: string) => fetch(`http://127.0.0.1:${port}/orchestrator/${resource}`)
  try {
    await eventually('healthy', () => get('health').then(Boolean, () => false))
    // More than the pipe takes.
    for (let asked = 0; asked < 500; asked++) await (await get('info')).body?.cancel()
    expect((await get('health')).status).toBe(200)
    service.kill('SIGTERM')
    expect(await service.exited).toBe(0)
  } finally {
    service.kill('SIGKILL')
    closeSync(reader)
  }
})

test.each([
  ['journald reads it: with priorities', 0n, /^<6>\{.*"listening"/m],
  ['it goes elsewhere since then: without', 1n, /^\{.*"listening"/m],
])('systemd says that %s', async (_, offset, expected) => {
  using home = serviceHome({})
  const file = home.file('stdout')
  const stdout = openSync(file, 'w')
  const { dev, ino } = fstatSync(stdout, { bigint: true })
  const env = { ...home.env, JOURNAL_STREAM: `${dev}:${ino + offset}` }
  const subprocess = Bun.spawn([binaryPath()], { env, cwd: home.path, stdout })
  try {
    await eventually('listening', () => readFileSync(file, 'utf8').includes('listening'))
    expect(readFileSync(file, 'utf8')).toMatch(expected)
  } finally {
    subprocess.kill('SIGTERM')
    await subprocess.exited
    closeSync(stdout)
  }
})
