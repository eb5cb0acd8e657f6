import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { VARIABLES, VARIABLE_NAMES } from '../src/config/variables.ts'
import { envExample, readmeRows } from './support/settings-documents.ts'

const root = join(import.meta.dir, '..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')

interface Instruction {
  stage: number
  keyword: string
  text: string
}

/** The Dockerfile's instructions, continuation lines joined, each with the stage it is in. */
function dockerfile(): Instruction[] {
  const lines = read('Dockerfile')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line !== '')
  let stage = -1
  return lines.map((line) => {
    const [keyword = '', text = ''] = line.split(/ (.*)/, 2)
    if (keyword === 'FROM') stage++
    return { stage, keyword, text }
  })
}

const instructions = dockerfile()
const all = (keyword: string) => instructions.filter((one) => one.keyword === keyword)
const only = (keyword: string) => {
  expect(all(keyword)).toHaveLength(1)
  return all(keyword)[0]!
}
const lastStage = instructions.at(-1)!.stage

describe('Dockerfile', () => {
  test('builds with the Bun that the project is made for', () => {
    const { devDependencies } = JSON.parse(read('package.json'))
    expect(all('FROM')[0]!.text).toBe(`oven/bun:${devDependencies['bun-types']} AS build`)
  })

  test('every path it copies from the context exists and is let through by .dockerignore', () => {
    const sources = all('COPY')
      .filter(({ text }) => !text.startsWith('--from'))
      .flatMap(({ text }) => text.split(' ').slice(0, -1))
    expect(sources).not.toBeEmpty()
    for (const source of sources) {
      expect([source, existsSync(join(root, source))]).toEqual([source, true])
      expect([source, isIgnored(source)]).toEqual([source, false])
    }
  })

  test('copies only the binary into the image, from a stage that exists', () => {
    const stages = all('FROM').map(({ text }) => text.match(/ AS (\S+)$/)?.[1])
    const copies = all('COPY').filter(({ stage }) => stage === lastStage)
    expect(copies.map(({ text }) => text)).toEqual([
      '--from=build /build/dist/orchestrator /usr/local/bin/orchestrator',
    ])
    expect(stages.slice(0, lastStage)).toContain('build')
    expect(all('WORKDIR').map(({ text }) => text)).toEqual(['/build'])
  })

  test('every script it runs exists', () => {
    const { scripts } = JSON.parse(read('package.json'))
    const commands = all('RUN').map(({ text }) => text)
    const runs = [...commands.join('\n').matchAll(/bun run (\S+)/g)].map(([, script]) => script!)
    expect(runs).toEqual(['build'])
    for (const script of runs) expect(scripts).toHaveProperty(script)
  })

  test('what the image runs are commands of the binary', () => {
    expect(JSON.parse(only('ENTRYPOINT').text)).toEqual(['orchestrator'])
    const [serve] = JSON.parse(only('CMD').text)
    const [binary, health] = JSON.parse(only('HEALTHCHECK').text.split(' CMD ')[1]!)
    expect(binary).toBe('orchestrator')
    for (const command of [serve, health]) {
      expect([command, existsSync(join(root, `src/commands/${command}.ts`))]).toEqual([
        command,
        true,
      ])
    }
  })

  test('its port and volumes are the defaults of the settings', () => {
    expect(only('EXPOSE').text).toBe(VARIABLES.PORT.default)
    const volumes: string[] = JSON.parse(only('VOLUME').text)
    expect(volumes).toContain(VARIABLES.REGISTRY_CACHE_DIR.default)
    expect(volumes.some((path) => VARIABLES.TASK_DB.default.startsWith(`${path}/`))).toBe(true)
    const made = all('RUN').find(({ stage }) => stage === lastStage)!.text
    for (const path of volumes) expect(made).toContain(path)
  })

  test('runs as a user of its own and stops on the signal that drains', () => {
    const user = only('USER')
    expect([user.stage, user.text]).toEqual([lastStage, '10001:10001'])
    expect(all('RUN').at(-1)!.text).toContain('--uid 10001')
    expect(only('STOPSIGNAL').text).toBe('SIGTERM')
  })

  test('it sets no variable that is not a setting', () => {
    const names = [...all('ENV'), ...all('ARG')].map(({ text }) => text.split('=')[0]!)
    expect(names.filter((name) => !(VARIABLE_NAMES as string[]).includes(name))).toEqual([])
  })
})

test.each(['.env', '.git', 'node_modules', 'dist', 'src/.env', 'src/store/x.db', 'test', '.ci'])(
  '%s stays out of the build context',
  (path) => {
    expect(isIgnored(path)).toBe(true)
  },
)

test('.env.example is what the table of settings says', () => {
  expect(read('.env.example')).toBe(envExample())
})

test("the README's table of settings is what the table of settings says", () => {
  const lines = read('README.md').split('\n')
  const first = lines.findIndex((line) => line.startsWith('| `HOST`'))
  expect(first).toBeGreaterThan(0)
  const length = lines.slice(first).findIndex((line) => !line.startsWith('|'))
  const rows = lines.slice(first, first + length)
  // The formatter pads the cells.
  expect(rows.map((row) => row.replaceAll(/ +\|/g, ' |'))).toEqual(readmeRows())
})

/** As Docker reads .dockerignore: the last pattern that fits a path or a parent decides. */
function isIgnored(path: string): boolean {
  const parents = path.split('/').map((_, i, parts) => parts.slice(0, i + 1).join('/'))
  let ignored = false
  for (const line of read('.dockerignore').split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const glob = new Bun.Glob(line.replace(/^!/, ''))
    if (parents.some((parent) => glob.match(parent))) ignored = !line.startsWith('!')
  }
  return ignored
}
