/** Every command of README.md is run, or it is said why not. */
import { describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { devDependencies, scripts } from '../../package.json'
import { VARIABLE_NAMES } from '../../src/config/variables.ts'
import { binaryPath, ROOT } from '../support/binary.ts'
import { startDev } from '../support/dev.ts'
import { allowRealTime } from '../support/eventually.ts'
import {
  planFor,
  readmeCommands,
  readmeSamples,
  readmeScripts,
  replyShape,
} from '../support/readme.ts'
import { curlFault, script, shellIn } from '../support/shell.ts'
import { temporaryDir } from '../support/temporary.ts'

allowRealTime()

const commands = readmeCommands()
const planned = (kind: string) => commands.filter((command) => planFor(command)?.kind === kind)

test('no command in it is unknown here', () => {
  expect(commands).not.toBeEmpty()
  // One that is: say in test/support/readme.ts how it is run, or why it can't be.
  expect(commands.filter((command) => planFor(command) === undefined)).toEqual([])
})

test.each([
  'make everything',
  'orchestrator frobnicate | sh',
  'curl http://localhost:8001/ && rm -rf /',
  'sudo rm -rf /',
])('an unknown one would be found: %s', (command) => {
  expect(planFor(command)).toBeUndefined()
})

describe('the scripts that it names', () => {
  test('are in package.json', () => {
    expect(readmeScripts()).toContain('verify')
    for (const name of readmeScripts()) expect(scripts).toHaveProperty(name)
    for (const command of planned('script')) {
      expect(scripts).toHaveProperty(command.split(' ').at(-1)!)
    }
  })

  test('are made of scripts and files that exist', () => {
    for (const text of Object.values(scripts)) {
      for (const part of text.split(' && ')) {
        const [program = '', verb = '', ...rest] = part.split(' ')
        if (program === 'oxlint') expect(devDependencies).toHaveProperty('oxlint')
        else expect(program).toBe('bun')
        if (verb === 'run') expect(scripts).toHaveProperty(rest[0]!)
        for (const file of part.match(/\b(src|test)\/\S+\.ts\b/g) ?? []) {
          expect([file, existsSync(join(ROOT, file))]).toEqual([file, true])
        }
      }
    }
  })

  test('verify does all that it says', () => {
    expect(scripts.verify.split(' && ')).toEqual([
      'bun install --frozen-lockfile',
      'bun run types',
      'bun fmt --check',
      'bun run lint',
      'bun run build',
      expect.stringMatching(/^bun test\b/),
    ])
  })

  test('it names the Bun that runs this', () => {
    const named = [...commands.join('\n').matchAll(/bun@(\S+)/g)]
    expect(named).not.toBeEmpty()
    for (const [, wanted] of named) {
      expect(wanted).toBe(devDependencies['bun-types'])
    }
  })
})

test('its commands work, in their order, on a mesh of `bun run dev`', async () => {
  using dir = temporaryDir()
  const bin = dir.file('usr/local/bin')
  for (const path of [bin, dir.file('etc/systemd/system')]) mkdirSync(path, { recursive: true })
  binaryPath()
  symlinkSync(join(ROOT, 'dist'), dir.file('dist'))
  script(bin, 'sudo', 'exec "$@"')
  const shell = shellIn(dir.path, bin)

  const env = {
    PATH: process.env.PATH ?? '',
    HOME: dir.path,
    REGISTRY_CACHE_DIR: dir.file('cache'),
  }
  await using dev = await startDev([process.execPath, 'run', 'dev'], ROOT, env)
  const { port } = new URL(dev.url)
  const replies = new Map<string, string>()
  for (const command of planned('run')) {
    const here = command
      .replace(/^docker run --rm /, '')
      .replaceAll('http://localhost:8001', dev.url)
      .replaceAll(/(?<= )\/(etc|usr)\//g, `${dir.path}/$1/`)
    const result = await shell.run(here, {
      PORT: port,
      HOME: dir.path,
      ORCHESTRATOR_URL: dev.url,
    })
    replies.set(command, result.stdout)
    if (command.startsWith('curl ')) expect([command, curlFault(result)]).toEqual([command, null])
    else expect([command, result.code, result.stderr]).toEqual([command, 0, ''])
  }
  const samples = readmeSamples()
  expect(samples.length).toBeGreaterThan(1)
  for (const { command, reply } of samples) {
    expect([command, replyShape(replies.get(command)!)]).toEqual([command, replyShape(reply)])
  }
  expect(readFileSync(dir.file('etc/systemd/system/orchestrator.service'), 'utf8')).toContain(
    'ExecStart=/usr/local/bin/orchestrator serve',
  )
  expect(readFileSync(dir.file('etc/fpai/orchestrator.env'), 'utf8')).toMatch(/^REGISTRY_URL=/m)
  expect(readFileSync(dir.file('compose.yaml'), 'utf8')).toContain('REGISTRY_IMAGE')
})

test('the settings in commands that cannot be run here exist', () => {
  const names = planned('skip').flatMap((command) =>
    [...command.matchAll(/ -e ([A-Z_]+)=/g)].map(([, name]) => name!),
  )
  expect(names).not.toBeEmpty()
  for (const name of names) expect(VARIABLE_NAMES as string[]).toContain(name)
})
