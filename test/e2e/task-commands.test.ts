/** The commands that ask a running service, in a pipe. */
import { describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { binaryPath, runBinary, runProcess, startProcess, type Result } from '../support/binary.ts'
import { serviceHome, type Service } from '../support/binary-service.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import {
  deadUrl,
  hang,
  held,
  html,
  json,
  reply,
  scriptedServer,
} from '../support/scripted-server.ts'
import { tokensFile } from '../support/tokens-file.ts'

allowRealTime()

/** Runs `orchestrator …` for the service. */
const ask = (url: string, args: string[], env: Record<string, string> = {}): Promise<Result> =>
  runBinary(args, { env: { ORCHESTRATOR_URL: url, ...env } })

const lastTask = async ({ get }: Service) => (await get('/orchestrator/tasks')).json.tasks[0]

describe('task submit', () => {
  test('sends the payload with all its digits, and prints the reply as it came', async () => {
    const answer = '{"n": 1.00000000000000000001, "n": 2}'
    await using droplet = scriptedServer(reply({ body: answer }))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    const payload = '{"b":12345678901234567890.10, "a":1}'
    const args = ['task', 'submit', 'ECHO', 'post', '/x?y=1', '--payload', payload]
    const { code, stdout, stderr } = await ask(service.url, [...args, '--header', 'x-a: b: c'])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('"response_body":{"n": 1.00000000000000000001, "n": 2}')
    expect(stdout.endsWith('}\n')).toBe(true)
    expect(JSON.parse(stdout)).toMatchObject({ status: 'success', response_status: 200 })
    const [request] = droplet.requests
    expect(request).toMatchObject({ method: 'POST', url: '/x?y=1', body: payload })
    expect(request!.headers['x-a']).toBe('b: c')
  })

  test('takes the payload from a file and from stdin', async () => {
    await using droplet = scriptedServer(json({}))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    writeFileSync(home.file('payload.json'), '[1.50]\n')
    const submit = ['task', 'submit', 'echo', 'PUT', '/', '--payload']
    expect((await ask(service.url, [...submit, `@${home.file('payload.json')}`])).code).toBe(0)
    const script = 'printf "[2.50]" | "$0" "$@"'
    const piped = ['/bin/sh', '-c', script, binaryPath(), ...submit, '-']
    const { code } = await runProcess(piped, { env: { ORCHESTRATOR_URL: service.url } })
    expect(code).toBe(0)
    expect(droplet.requests.map(({ body }) => body.trim())).toEqual(['[1.50]', '[2.50]'])
  })

  test('passes on all that a task may have', async () => {
    await using droplet = scriptedServer(json({}))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    const limits = ['--timeout', '1.5', '--deadline', '20', '--retries', '2', '--delay', '0.01']
    const args = ['task', 'submit', 'echo', 'GET', '/', '--meta', '{"by":"me"}', '--key', 'k1']
    const waiting = [...args, ...limits, '--wait', '30']
    const first = await ask(service.url, waiting)
    expect([first.code, first.stderr]).toEqual([0, ''])
    expect(JSON.parse(first.stdout)).toMatchObject({
      status: 'success',
      mode: 'async',
      timeout_ms: 1500,
      deadline_ms: 20_000,
      max_retries: 2,
      meta: { by: 'me' },
    })
    expect((await ask(service.url, waiting)).stdout).toContain(JSON.parse(first.stdout).id)
    expect(droplet.requests).toHaveLength(1)
  })

  test('ends with 1 when the droplet refuses, and when it is not there', async () => {
    await using droplet = scriptedServer(json({ no: 'way' }, 404))
    using home = serviceHome({ echo: droplet.url, gone: await deadUrl() })
    await using service = await home.start()
    const refused = await ask(service.url, ['task', 'submit', 'echo', 'GET', '/'])
    expect([refused.code, refused.stderr]).toEqual([1, ''])
    expect(JSON.parse(refused.stdout)).toMatchObject({ status: 'error', response_status: 404 })

    const args = ['task', 'submit', 'gone', 'GET', '/', '--retries', '0']
    const gone = await ask(service.url, args)
    expect(gone.code).toBe(1)
    expect(JSON.parse(gone.stdout).error.code).toBe('DROPLET_UNREACHABLE')
    expect(gone.stderr).toMatch(/^DROPLET_UNREACHABLE: .*\n {2}task id: \S+\n/)
    expect(gone.stderr).toMatch(/^ {2}last error: ECONNREFUSED/m)
  })

  test('--async prints the id at once; --wait follows it to its end', async () => {
    const release = Promise.withResolvers<void>()
    await using droplet = scriptedServer(held(release.promise, json({ done: 1 })))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    const args = ['task', 'submit', 'echo', 'GET', '/', '--async']
    const { code, stdout } = await ask(service.url, args)
    expect(code).toBe(0)
    const { task_id } = JSON.parse(stdout)

    const env = { ORCHESTRATOR_URL: `${service.url}/orchestrator/` }
    const show = [binaryPath(), 'task', 'show', task_id, '--wait']
    await using following = startProcess(show, { env })
    const late = await ask(service.url, ['task', 'show', task_id, '--wait', '1'])
    expect(late.code).toBe(1)
    expect(JSON.parse(late.stdout).status).toBe('running')
    expect(late.stderr).toContain('It is running still.')

    release.resolve()
    expect(await following.exited).toBe(0)
    expect(JSON.parse(following.stdout)).toMatchObject({ id: task_id, status: 'success' })
  })

  test('Ctrl-C ends the waiting, not the task, and says how to follow it', async () => {
    const release = Promise.withResolvers<void>()
    await using droplet = scriptedServer(held(release.promise, json({})))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    const env = { ORCHESTRATOR_URL: service.url }
    const submit = [binaryPath(), 'task', 'submit', 'echo', 'GET', '/']
    await using waiting = startProcess([...submit, '--wait'], { env })
    await droplet.received(1)
    // It is with the droplet: the command has its id, or will have it in a moment.
    await eventually('a long poll', () => service.log('request').length > 0)
    waiting.signal('SIGINT')
    expect(await waiting.exited).toBe(130)
    expect(waiting.stdout).toBe('')
    expect(waiting.stderr).toMatch(/orchestrator task (show \S+ --wait|list --request-id \S+)\n$/)

    await using synchronous = startProcess(submit, { env })
    await droplet.received(2)
    synchronous.signal('SIGINT')
    expect(await synchronous.exited).toBe(130)
    const [, requestId] = /task list --request-id (\S+)\n$/.exec(synchronous.stderr)!
    release.resolve()
    const { id } = await lastTask(service)
    await service.task(id, ({ status }) => status === 'success')
    const found = await ask(service.url, ['task', 'list', '--request-id', requestId!])
    expect(JSON.parse(found.stdout)).toMatchObject({ total: 1, tasks: [{ id }] })
  })
})

test('a service that restarts is waited for', async () => {
  await using droplet = scriptedServer(json({ error: 'not yet' }, 503))
  using home = serviceHome({ echo: droplet.url })
  const first = await home.start()
  const { port } = new URL(first.url)
  const args = ['task', 'submit', 'echo', 'GET', '/', '--retries', '10', '--wait']
  await using waiting = startProcess([binaryPath(), ...args], {
    env: { ORCHESTRATOR_URL: first.url },
  })
  await droplet.received(1)
  await first.stop()
  droplet.script(json({ done: 1 }))
  await using _ = await home.start({ PORT: port })
  expect(await waiting.exited).toBe(0)
  expect(JSON.parse(waiting.stdout)).toMatchObject({ status: 'success' })
})

describe('other commands', () => {
  test('list, show, cancel, replay, droplets and metrics print what the API says', async () => {
    await using droplet = scriptedServer(hang)
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    const submitted = await ask(service.url, ['task', 'submit', 'echo', 'GET', '/', '--async'])
    const { task_id: id } = JSON.parse(submitted.stdout)
    await droplet.received(1)

    const cancelled = await ask(service.url, ['task', 'cancel', id])
    expect(cancelled).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(cancelled.stdout)).toMatchObject({ id, status: 'cancelled' })
    const again = await ask(service.url, ['task', 'cancel', id])
    expect(again.code).toBe(1)
    expect(again.stderr).toContain('TASK_FINISHED: ')
    expect(again.stderr).toContain("'orchestrator task replay'")

    droplet.script(json({ done: 1 }))
    const replayed = await ask(service.url, ['task', 'replay', id])
    expect(replayed).toMatchObject({ code: 0, stderr: '' })

    for (const [args, path] of [
      [['task', 'list'], '/tasks'],
      [
        ['task', 'list', '--status', 'cancelled', '--limit', '1'],
        '/tasks?status=cancelled&limit=1',
      ],
      [
        ['task', 'list', '--droplet', 'ECHO', '--replay-of', id],
        `/tasks?droplet_name=ECHO&replay_of=${id}`,
      ],
      [
        ['task', 'list', '--response-status', '2xx', '--mode', 'sync'],
        '/tasks?response_status=2xx&mode=sync',
      ],
      [['task', 'list', '--created-after', '2001-01-01T00:00:00Z'], '/tasks?created_after=1'],
      [['task', 'show', id, '--json'], `/tasks/${id}`],
    ] as const) {
      const { stdout, code } = await ask(service.url, [...args])
      expect({ args, code, stdout }).toEqual({
        args,
        code: 0,
        stdout: `${(await service.get(`/orchestrator${path}`)).text}\n`,
      })
    }
    for (const [command, field] of [
      ['droplets', 'droplets'],
      ['metrics', 'uptime_seconds'],
    ] as const) {
      const { stdout, code, stderr } = await ask(service.url, [command])
      expect([code, stderr]).toEqual([0, ''])
      expect(JSON.parse(stdout)).toHaveProperty(field)
    }
    expect((await ask(service.url, ['droplets', '--refresh'])).code).toBe(0)
  })

  test('task list --all goes through all pages and prints one document', async () => {
    await using droplet = scriptedServer(json({}))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    for (let n = 0; n < 5; n++) await service.submit()
    const { stdout, code } = await ask(service.url, ['task', 'list', '--all', '--limit', '2'])
    expect(code).toBe(0)
    const { tasks } = (await service.get('/orchestrator/tasks')).json
    expect(JSON.parse(stdout)).toEqual({ tasks, total: 5, limit: 2, next_cursor: null })

    const page = JSON.parse((await ask(service.url, ['task', 'list', '--limit', '2'])).stdout)
    const args = ['task', 'list', '--limit', '2', '--cursor', page.next_cursor]
    expect(JSON.parse((await ask(service.url, args)).stdout).tasks).toEqual(tasks.slice(2, 4))
  })

  test('metrics --prometheus asks for OpenMetrics and prints it as it is', async () => {
    const text = '# TYPE orchestrator_tasks counter\n# EOF\n'
    await using standIn = scriptedServer(
      reply({ headers: { 'content-type': 'application/openmetrics-text' }, body: text }),
    )
    const { code, stdout } = await ask(standIn.url, ['metrics', '--prometheus'])
    expect([code, stdout]).toEqual([0, text])
    const { headers } = standIn.requests[0]!
    expect(headers.accept).toContain('application/openmetrics-text')
    // A proxy must not pack what is not unpacked.
    expect(headers['accept-encoding']).toBe('identity')
    expect(headers['user-agent']).toMatch(/^orchestrator-cli\/\d/)
  })
})

describe('what goes wrong', () => {
  test('69 and what to do where nobody listens, or somebody else', async () => {
    const url = await deadUrl()
    const nobody = await ask(url, ['task', 'list'])
    expect(nobody).toEqual({
      code: 69,
      stdout: '',
      stderr:
        `${url}/orchestrator cannot be reached: ECONNREFUSED: connection refused\n` +
        'Does the service run? ORCHESTRATOR_URL, or --url, says where it is.\n',
    })
    for (const answer of [html(502), html(404), html(200)]) {
      await using other = scriptedServer(answer)
      for (const args of [
        ['task', 'list'],
        ['task', 'submit', 'echo', 'GET', '/'],
        ['task', 'show', 'an-id', '--wait', '1'],
        ['metrics', '--prometheus'],
      ]) {
        const { code, stdout, stderr } = await ask(other.url, args)
        expect([args, code, stdout]).toEqual([args, 69, ''])
        expect(stderr).toContain('not the Orchestrator')
      }
    }
  })

  test('77 without a token, and with one that may not; from --env-file, too', async () => {
    using tokens = tokensFile({ reader: 'tasks:read' })
    await using droplet = scriptedServer(json({}))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start({ AUTH_TOKENS_FILE: tokens.path })
    const without = await ask(service.url, ['task', 'list'])
    expect([without.code, JSON.parse(without.stdout).error.code]).toEqual([77, 'UNAUTHORIZED'])
    expect(without.stderr).toContain('Set ORCHESTRATOR_TOKEN')

    const file = home.file('client.env')
    writeFileSync(
      file,
      `ORCHESTRATOR_URL=${service.url}\nORCHESTRATOR_TOKEN=${tokens.tokens.reader}\n`,
    )
    const withFile = (...args: string[]) => runBinary([...args, '--env-file', file])
    expect((await withFile('task', 'list')).code).toBe(0)
    const refused = await withFile('task', 'submit', 'echo', 'GET', '/')
    expect([refused.code, JSON.parse(refused.stdout).error.code]).toEqual([77, 'FORBIDDEN'])
    expect(refused.stderr).not.toContain(tokens.tokens.reader)
    expect((await withFile('metrics')).code).toBe(77)
    const wrong = await ask(service.url, ['task', 'list'], { ORCHESTRATOR_TOKEN: 'a\nb' })
    expect(wrong).toEqual({ code: 78, stdout: '', stderr: 'ORCHESTRATOR_TOKEN is no token\n' })
  })

  test('a droplet that is not there: did you mean, or which there are', async () => {
    using home = serviceHome({ mailer: await deadUrl(), reports: await deadUrl() })
    await using service = await home.start()
    const near = await ask(service.url, ['task', 'submit', 'mailr', 'GET', '/'])
    expect([near.code, near.stderr.split('\n')[1]]).toEqual([1, "Did you mean 'mailer'?"])
    const far = await ask(service.url, ['task', 'submit', 'x-ray-vision', 'GET', '/'])
    expect(far.stderr.split('\n')[1]).toBe('There are: mailer, reports')
  })

  test('each fault that the API finds is told', async () => {
    using home = serviceHome({ echo: await deadUrl() })
    await using service = await home.start()
    const args = ['task', 'submit', 'echo', 'GET', '/', '--retries', '99', '--timeout', '9999']
    const { code, stderr } = await ask(service.url, args)
    expect(code).toBe(1)
    expect(stderr).toMatch(/^INVALID_REQUEST: \/(timeout_ms|max_retries): /)
    expect(stderr).toMatch(/^ {2}\/(timeout_ms|max_retries): /m)
  })

  test.each([
    [['task'], 'What about the task?'],
    [['task', 'sumbit'], "There is no command 'task sumbit'. Did you mean 'submit'?"],
    [['task', 'submit'], 'A task needs a DROPLET, a METHOD and a PATH'],
    [['task', 'submit', 'echo', '/x'], 'A METHOD must stand before /x'],
    [['task', 'submit', 'echo', 'GTE', '/'], "no method 'GTE' here. Did you mean 'GET'?"],
    [['task', 'submit', 'echo', 'FOO', '/'], 'There are: GET, POST, PUT, PATCH, DELETE'],
    [['task', 'submit', 'echo', 'POST', '/', '--payload', '{a'], '--payload is not JSON'],
    [['task', 'submit', 'echo', 'POST', '/', '--payload', ''], '--payload is not JSON'],
    [['task', 'submit', 'echo', 'POST', '/', '--payload', '@/nix'], '--payload @/nix: ENOENT'],
    [['task', 'submit', 'echo', 'POST', '/', '--header', 'x'], "--header must be 'Name: value'"],
    [['task', 'submit', 'echo', 'GET', '/', '--retries', 'x'], '--retries x: must be a number'],
    [['task', 'submit', 'echo', 'GET', '/', '--asnyc'], "Did you mean '--async'?"],
    [['task', 'list', '--status', 'eror'], "no status 'eror'. Did you mean 'error'?"],
    [['task', 'list', '--stauts', 'error'], "Did you mean '--status'?"],
    [['task', 'show'], 'Which task? Its ID is missing'],
    [['task', 'show', 'x', '--wait=soon'], '--wait soon: must be a whole number of seconds'],
    [['droplets', '--url', 'ftp://x'], '--url "ftp://x" must be host:port, or a URL'],
  ])('%p: 64, and nothing is sent', async (args, reason) => {
    await using standIn = scriptedServer(json({}))
    const { code, stdout, stderr } = await ask(standIn.url, args)
    expect([code, stdout]).toEqual([64, ''])
    expect(stderr).toContain(reason)
    expect(stderr).toContain('\nUsage: orchestrator ')
    expect(standIn.calls).toEqual([])
  })
})
