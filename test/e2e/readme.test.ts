/** Every command in README.md is run, or named here with the reason why it can't be. */
import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../support/binary-service.ts'
import { binaryPath, ROOT, runProcess, startProcess } from '../support/binary.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryDir } from '../support/temporary.ts'

const README = readFileSync(join(ROOT, 'README.md'), 'utf8')
const SCRIPTS = (await Bun.file(join(ROOT, 'package.json')).json()).scripts as Record<
  string,
  string
>

/** The commands of all `sh` blocks, continued lines joined. */
const COMMANDS = [...README.matchAll(/```sh\n([\s\S]*?)```/g)]
  .flatMap(([, block]) => block!.replaceAll(/\\\n\s*/g, '').split('\n'))
  .map((line) => line.trim())
  .filter((line) => line !== '')

/** What would need a droplet, a container engine or this very run, and who sees to it instead. */
const ELSEWHERE: [pattern: RegExp, why: string][] = [
  [/^npx --yes bun@1\.4\.5 run (dev|verify)$/, 'brings Bun first; what it runs is run below'],
  [/^bun install$/, 'has been run, or this would not'],
  [/^bun test$/, 'is this'],
  [/^bun run (dev|build|verify)$/, 'dev is run below; the others have made what is tested'],
  [/^(sudo |printf )/, 'installs on a droplet'],
  [/^orchestrator (check|systemd|health|compose)\b/, 'test/e2e/commands.test.ts'],
  [/^(journalctl|docker|REGISTRY_IMAGE=.* docker) /, 'needs systemd or a container engine'],
]

const CURLS = COMMANDS.filter((command) => command.startsWith('curl '))

describe('README.md', () => {
  test('holds no command that nobody runs', () => {
    const unknown = COMMANDS.filter(
      (command) =>
        !command.startsWith('curl ') && !ELSEWHERE.some(([pattern]) => pattern.test(command)),
    )
    expect(unknown).toEqual([])
    expect(CURLS.length).toBeGreaterThan(8)
    for (const [pattern] of ELSEWHERE)
      expect(COMMANDS.some((each) => pattern.test(each))).toBe(true)
  })

  test('names scripts that exist, in the text too', () => {
    const named = [...README.matchAll(/bun(?:@1\.4\.5)? run (\w+)/g)].map(([, name]) => name!)
    expect(named.filter((name) => !Object.hasOwn(SCRIPTS, name))).toEqual([])
  })

  test('verify does what it says', () => {
    const steps = [
      'bun install',
      'bun run types',
      'bun fmt --check',
      'bun run lint',
      'bun run build',
    ]
    for (const step of [...steps, 'bun test']) expect(SCRIPTS.verify).toContain(step)
  })

  test('its curl lines work against `bun run dev`, in their order', async () => {
    using dir = temporaryDir()
    const [port, registryPort] = [await freePort(), await freePort()]
    const source = ['--port', String(port), '--registry-port', String(registryPort)]
    await using dev = startProcess(
      [process.execPath, join(ROOT, 'src/main.ts'), 'dev', ...source],
      {
        env: { HOME: dir.path, PATH: process.env.PATH!, TMPDIR: dir.path },
        cwd: dir.path,
      },
    )
    await eventually('the welcome', () => dev.stdout.includes('Ctrl-C'))
    for (const command of CURLS) {
      const here = command.replaceAll('localhost:8001', `localhost:${port}`)
      const { stdout, code } = await runShell(`${here} -s -w '\\n%{http_code}'`, dir.path)
      expect([command, code]).toEqual([command, 0])
      expect([command, stdout.slice(-3)]).toEqual([command, expect.stringMatching(/^20[02]$/)])
      expect(stdout).not.toContain('"status":"error"')
    }
  }, 60_000)

  test('its steps on a droplet work, as far as they need no droplet', async () => {
    using dir = temporaryDir()
    const env = { HOME: dir.path }
    const settings = /printf '(.*)' \|/.exec(README)?.[1]?.replaceAll('\\n', '\n')
    await Bun.write(dir.file('orchestrator.env'), settings!)
    const check = await runProcess(
      [binaryPath(), 'check', '--env-file', dir.file('orchestrator.env')],
      { env },
    )
    expect([check.code, check.stderr]).toEqual([0, ''])
    expect(check.stdout).toMatch(/PUBLIC_URL +http:\/\/10\.0\.0\.6:8001 +environment/)
    const list = /with `(\{"droplets".*?\})`/.exec(README)?.[1]
    expect(JSON.parse(list!)).toHaveProperty('droplets')
  })
})

function runShell(command: string, cwd: string) {
  return runProcess(['/bin/sh', '-c', command], { env: { PATH: process.env.PATH! }, cwd })
}
