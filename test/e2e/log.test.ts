/** What the service logs, as whoever runs it sees it. */
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { binaryPath, ROOT, startProcess } from '../support/binary.ts'
import { serviceHome } from '../support/binary-service.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'

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
    await Bun.write(preload, `setTimeout(() => { ${bug} }, 500)`)
    const main = join(ROOT, 'src/main.ts')
    await using service = startProcess([process.execPath, '--preload', preload, main, 'serve'], {
      // With this set, it does not start itself again, which would be without the bug.
      env: { ...home.env, BUN_CONFIG_MAX_HTTP_REQUESTS: '65535' },
      cwd: home.path,
    })
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
