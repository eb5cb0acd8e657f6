/** The commands on a terminal of 80 and of 200 columns, with colours and without. */
import { describe, expect, test } from 'bun:test'
import { binaryPath } from '../support/binary.ts'
import { serviceHome, type Service } from '../support/binary-service.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { deadUrl, hang, held, json, reply, scriptedServer } from '../support/scripted-server.ts'
import { runOnTerminal, startOnTerminal } from '../support/terminal.ts'

allowRealTime()

interface Shown {
  code: number
  text: string
  /** Without colours. */
  plain: string
}

async function show(
  service: Service,
  args: string[],
  columns = 80,
  env: Record<string, string> = {},
): Promise<Shown> {
  const shown = await runOnTerminal([binaryPath(), ...args], {
    columns,
    env: { ORCHESTRATOR_URL: service.url, TZ: 'Asia/Kolkata', ...env },
  })
  return { ...shown, plain: Bun.stripANSI(shown.text) }
}

const widest = (text: string) => Math.max(...text.split('\n').map((line) => Bun.stringWidth(line)))

/** With tasks of all kinds, and droplets with long and wide names. */
async function busyService(): Promise<AsyncDisposable & { service: Service }> {
  const good = scriptedServer(json({ text: 'grün', n: 1 }))
  const bad = scriptedServer(reply({ status: 500, body: 'a\x1b[31mred\x07\r\nb' }))
  const stack = new AsyncDisposableStack()
  stack.use(good)
  stack.use(bad)
  const home = stack.use(
    serviceHome({ echo: good.url, 'a-droplet-with-quite-a-long-name': bad.url, 寿司: good.url }),
  )
  const service = stack.use(await home.start())
  await service.submit({ path: `/${'long/'.repeat(30)}?secret=1` })
  await service.submit({ droplet_name: '寿司' })
  await service.submit({ droplet_name: 'a-droplet-with-quite-a-long-name', max_retries: 0 })
  return { service, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

describe.each([80, 200])('%i columns', (columns) => {
  test('task list and droplets fit, and ids are whole', async () => {
    await using busy = await busyService()
    const { tasks } = (await busy.service.get('/orchestrator/tasks')).json
    const list = await show(busy.service, ['task', 'list'], columns)
    expect(list.code).toBe(0)
    expect(widest(list.plain)).toBeLessThanOrEqual(columns)
    for (const { id, status } of tasks)
      expect(list.plain).toMatch(new RegExp(`^${id} .*${status}`, 'm'))
    expect(list.plain).toMatch(/^ID +STATUS +DROPLET +(HTTP +)?CREATED/)
    expect(list.plain.includes(' +05:30')).toBe(columns === 200)
    expect(list.plain).toContain('3 of 3 tasks\n')
    expect(list.plain.includes('http://127.0.0.1')).toBe(columns === 200)
    expect(list.plain).toContain('…')
    expect(list.text).toContain('\x1b[32msuccess\x1b[0m')
    expect(list.text).toContain('\x1b[31merror\x1b[0m')

    const droplets = await show(busy.service, ['droplets'], columns)
    expect(droplets.code).toBe(0)
    expect(widest(droplets.plain)).toBeLessThanOrEqual(columns)
    expect(droplets.plain).toContain('寿司')
    expect(droplets.plain).toMatch(/^3 droplets; the Registry's list is active/m)
    // The column after those with wide letters begins where it begins.
    const lines = droplets.plain.split('\n').slice(0, 4)
    const starts = lines.map((line) => Bun.stringWidth(line.split(/STATUS|active/)[0]!))
    expect(new Set(starts).size).toBe(1)
  })
})

test('one page says how the next is had', async () => {
  await using busy = await busyService()
  const { plain } = await show(busy.service, ['task', 'list', '--limit', '1'])
  const [, cursor] = /^1 of 3 tasks; go on with --cursor (\S+), or --all$/m.exec(plain)!
  const next = await show(busy.service, ['task', 'list', '--limit', '2', '--cursor', cursor!])
  expect(next.plain).toContain('2 of 3 tasks\n')
  const all = await show(busy.service, ['task', 'list', '--limit', '2', '--all'])
  expect(all.plain.match(/^ID/gm)).toHaveLength(1)
  expect(all.plain).toEndWith('\n3 tasks\n')
  expect((await show(busy.service, ['task', 'list', '--status', 'queued'])).plain).toBe(
    'No tasks.\n',
  )
})

test('a task whole: facts, attempts, payload and answer, nothing raw from the droplet', async () => {
  await using busy = await busyService()
  const { tasks } = (await busy.service.get('/orchestrator/tasks?status=error')).json
  const { plain, text, code } = await show(busy.service, ['task', 'show', tasks[0].id], 80)
  expect(code).toBe(0)
  expect(plain).toMatch(/^status +error$/m)
  expect(plain).toMatch(/^answered +500$/m)
  expect(plain).toMatch(/^created +\d\d:\d\d:\d\d \+05:30$/m)
  expect(plain).toMatch(/^ *# +STARTED +TOOK +HTTP +ERROR\n *1 /m)
  expect(plain).toContain('Answer\na\\u001b[31mred\\u0007\nb\n')
  expect(text).not.toContain('\x07')
})

describe('without colour', () => {
  test.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }])('%p', async (env) => {
    await using busy = await busyService()
    for (const args of [
      ['task', 'list'],
      ['droplets'],
      ['metrics'],
      ['task', 'submit', 'echo', 'GET', '/'],
    ]) {
      const { text, code } = await show(busy.service, args, 80, env as Record<string, string>)
      expect({ args, code, hasColour: text.includes('\x1b[3') }).toEqual({
        args,
        code: 0,
        hasColour: false,
      })
    }
  })

  test('--json is the same as in a pipe', async () => {
    await using busy = await busyService()
    const { text } = await show(busy.service, ['task', 'list', '--json'])
    expect(text.trimEnd()).toBe((await busy.service.get('/orchestrator/tasks')).text)
  })
})

describe('task submit', () => {
  test('says how it went, then the answer, with all its digits', async () => {
    await using droplet = scriptedServer(reply({ body: '{"n":1.10,"list":[],"o":{"a":"b"}}' }))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    const { plain, code } = await show(service, ['task', 'submit', 'echo', 'GET', '/'])
    expect(code).toBe(0)
    expect(plain).toMatch(/^success: 200 from http:\S+ in \d+ ms\ntask \S+\n/)
    expect(plain).toEndWith('{\n  "n": 1.10,\n  "list": [],\n  "o": {\n    "a": "b"\n  }\n}\n')
  })

  test('shows that it waits, and takes that away; Ctrl-C leaves the task running', async () => {
    const release = Promise.withResolvers<void>()
    await using droplet = scriptedServer(held(release.promise, json({ done: 1 })))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    const command = [binaryPath(), 'task', 'submit', 'echo', 'GET', '/', '--wait']
    const env = { ORCHESTRATOR_URL: service.url }
    await using waiting = startOnTerminal(command, { env })
    await eventually('the spinner', () =>
      /\r[|/\\-] waiting for task \S+, \d+ s/.test(waiting.text),
    )
    waiting.type('\x03')
    expect(await waiting.exited).toBe(130)
    const [, id] = await eventually('how to follow it', () =>
      /The task goes on\. Follow it with: orchestrator task show (\S+) --wait\n/.exec(waiting.text),
    )
    const following = show(service, ['task', 'show', id!, '--wait'])
    release.resolve()
    const { plain, code } = await following
    expect(code).toBe(0)
    expect(plain.split('\r').at(-1)).toMatch(/^success: 200 from /)
  })

  test('tells a failure in words and prints no JSON', async () => {
    using home = serviceHome({ echo: await deadUrl() })
    await using service = await home.start()
    const submit = ['task', 'submit', 'echo', 'GET', '/', '--retries', '0']
    const { plain, code } = await show(service, submit)
    expect(code).toBe(1)
    expect(plain).toMatch(/^DROPLET_UNREACHABLE: .+\n( {2}\S.*\n)+$/)
    expect(plain).not.toContain('{')
  })

  test('--async and cancel: a line each', async () => {
    await using droplet = scriptedServer(hang)
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    const { plain } = await show(service, ['task', 'submit', 'echo', 'GET', '/', '--async'])
    const [, id] =
      /^Task (\S+) is queued\. Follow it with: orchestrator task show \1 --wait\n$/.exec(plain)!
    const cancelled = await show(service, ['task', 'cancel', id!])
    expect(cancelled.plain).toBe(`Task ${id} is cancelled.\n`)
  })
})

test('metrics: a line for each number', async () => {
  await using busy = await busyService()
  const { plain, code } = await show(busy.service, ['metrics'])
  expect(code).toBe(0)
  expect(plain).toMatch(/^tasks\n {2}total +3\n {2}success +2\n/m)
  expect(plain).toMatch(/^ {2}last sync +\d\d:\d\d:\d\d \+05:30$/m)
  expect(widest(plain)).toBeLessThanOrEqual(80)
})
