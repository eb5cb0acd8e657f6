/** `task list --follow`: against the service, and against a server that breaks off as it is told. */
import { expect, test } from 'bun:test'
import { binaryPath, runProcess, startProcess } from '../support/binary.ts'
import { serviceHome } from '../support/binary-service.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { eventServer } from '../support/event-server.ts'
import { json, scriptedServer } from '../support/scripted-server.ts'
import { startOnTerminal } from '../support/terminal.ts'

allowRealTime()

const task = (id: string, status: string) => ({
  id,
  droplet_name: 'echo',
  method: 'GET',
  target_url: 'http://h/x',
  status,
  response_status: status === 'success' ? 200 : null,
  retry_count: 0,
  created_at: 1_795_693_951.131,
  completed_at: status === 'running' || status === 'queued' ? null : 1_795_693_952,
  duration_ms: null,
  error_message: null,
})

const follow = (url: string, ...args: string[]) =>
  startProcess([binaryPath(), 'task', 'list', '--follow', ...args], {
    env: { ORCHESTRATOR_URL: url },
  })

const statuses = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .map(({ id, status }) => `${id} ${status}`)

test('one object a line: those that are there, then each change of a status', async () => {
  await using server = eventServer(
    () => [task('b', 'running'), task('a', 'success')],
    () => null,
  )
  await using following = follow(server.url, '--droplet', 'Echo', '--status', 'error')
  const connection = await server.connected(1)
  expect(connection.url).toBe('/orchestrator/events?status=error&droplet_name=Echo&kinds=task')
  connection.send('task', { change: 'attempt_ended', task: task('b', 'running') }, '7')
  connection.send('task', { change: 'accepted', task: task('c', 'queued') }, '8')
  connection.send('task', { change: 'ended', task: task('b', 'success') }, '9')
  await eventually('four lines', () => following.stdout.trim().split('\n').length === 4)
  expect(statuses(following.stdout)).toEqual(['a success', 'b running', 'c queued', 'b success'])
  expect(JSON.parse(following.stdout.split('\n')[0]!)).toEqual(task('a', 'success'))

  connection.end()
  const next = await server.connected(2)
  expect(next.lastEventId).toBe('9')
  next.send('reset', { reason: 'too slow' })
  next.send('task', { change: 'ended', task: task('c', 'error') }, '10')
  await eventually('five lines', () => following.stdout.trim().split('\n').length === 5)
  expect(statuses(following.stdout).at(-1)).toBe('c error')
  expect(following.stderr).toBe(
    'The connection has ended; trying again\nSome tasks may be missing here\n',
  )
  following.signal('SIGINT')
  expect(await following.exited).toBe(0)
})

test('a connection that is refused ends it; only one that was open is made anew', async () => {
  const error = { code: 'FORBIDDEN', message: 'No', details: {} }
  await using server = eventServer(
    () => [],
    () => Response.json({ status: 'error', error }, { status: 403 }),
  )
  await using refused = follow(server.url)
  expect(await refused.exited).toBe(77)
  await using nowhere = follow('http://127.0.0.1:1')
  expect(await nowhere.exited).toBe(69)
})

test('goes on when a proxy has said that the service was away', async () => {
  let tries = 0
  await using server = eventServer(
    () => [task('a', 'success')],
    () => (++tries === 2 ? new Response('<h1>Bad Gateway</h1>', { status: 502 }) : null),
  )
  await using following = follow(server.url)
  ;(await server.connected(1)).end()
  const next = await server.connected(2)
  next.send('task', { change: 'accepted', task: task('b', 'queued') }, '1')
  await eventually('two lines', () => following.stdout.trim().split('\n').length === 2)
  expect(tries).toBe(3)
})

test('on a terminal the columns stay where they are', async () => {
  await using server = eventServer(
    () => [task('a', 'success')],
    () => null,
  )
  const env = { ORCHESTRATOR_URL: server.url, NO_COLOR: '1', TZ: 'Europe/Berlin' }
  const command = [binaryPath(), 'task', 'list', '--follow']
  await using following = startOnTerminal(command, { env })
  const connection = await server.connected(1)
  connection.send('task', { change: 'accepted', task: task('b', 'queued') }, '1')
  await eventually('three lines', () => following.text.split('\n').length > 3)
  const [heading = '', ...rows] = following.text.trimEnd().split('\n')
  expect(heading).toMatch(/^ID +STATUS +DROPLET +/)
  for (const row of rows) {
    expect(row.indexOf('echo')).toBe(heading.indexOf('DROPLET'))
    expect(row.length).toBeLessThanOrEqual(80)
  }
  following.type('\x03')
  expect(await following.exited).toBe(0)
})

test('of the service: those that were there, then each as it comes and as it ends', async () => {
  await using droplet = scriptedServer(json({}))
  using home = serviceHome({ echo: droplet.url, other: droplet.url })
  await using service = await home.start()
  const before = (await service.submit()).json.task_id
  await using following = follow(service.url, '--droplet', 'ECHO')
  await eventually('the first', () => following.stdout.includes('\n'))
  await service.submit({ droplet_name: 'other' })
  const after = (await service.submit({}, { prefer: 'respond-async' })).json.task_id
  await eventually('its end', () => statuses(following.stdout).includes(`${after} success`))
  const told = statuses(following.stdout)
  expect(told[0]).toBe(`${before} success`)
  expect(told[1]).toBe(`${after} queued`)
  expect(told.at(-1)).toBe(`${after} success`)
  const { tasks } = (await service.get('/orchestrator/tasks?limit=1')).json
  expect(JSON.parse(following.stdout.trim().split('\n').at(-1)!)).toEqual(tasks[0])
})

test('ends when nobody reads any more', async () => {
  await using droplet = scriptedServer(json({}))
  using home = serviceHome({ echo: droplet.url })
  await using service = await home.start()
  const script = '"$0" task list --follow | head -n 1'
  const piped = runProcess(['/bin/sh', '-c', script, binaryPath()], {
    env: { ORCHESTRATOR_URL: service.url, PATH: process.env.PATH ?? '' },
  })
  let isOver = false
  const over = piped.then(() => (isOver = true))
  await eventually('the end', async () => {
    await service.submit()
    return isOver
  })
  await over
  expect((await piped).stdout.trim().split('\n')).toHaveLength(1)
})

test('a list that is refused after all ends it', async () => {
  const error = { code: 'FORBIDDEN', message: 'No', details: {} }
  await using server = eventServer(
    () => Response.json({ status: 'error', error }, { status: 403 }),
    () => null,
  )
  await using following = follow(server.url)
  expect(await following.exited).toBe(77)
  expect(following.stderr).toStartWith('FORBIDDEN: No\n')
})
