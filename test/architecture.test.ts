import { describe, expect, test } from 'bun:test'
import { Glob } from 'bun'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { circles } from './architecture/circles.ts'
import { findings } from './architecture/findings.ts'
import { importsOf } from './architecture/imports.ts'
import { PLANTED_IMPORTS } from './architecture/planted/imports.ts'
import { INNOCENT } from './architecture/planted/innocent.ts'
import { PLANTED_USES } from './architecture/planted/outside.ts'
import { PLANTED_SHAPES } from './architecture/planted/shape.ts'
import { PLANTED_STATE } from './architecture/planted/state.ts'
import { missedGoals } from './architecture/sizes.ts'
import { parse } from './architecture/source.ts'

const SRC = join(import.meta.dir, '../src')

const PAGE = 'web/app/'

const all = [...new Glob('**/*.{ts,tsx}').scanSync({ cwd: SRC, dot: true })]
  .filter((file) => !file.endsWith('.d.ts'))
  .sort()
const [pageFiles, files] = [all.filter(isOfPage), all.filter((file) => !isOfPage(file))]
const sources = files.map(sourceOf)

/** The browser's world is around it: its clock, its network, its document. */
function isOfPage(file: string): boolean {
  return file.startsWith(PAGE)
}

function sourceOf(file: string) {
  return parse(file, readFileSync(join(SRC, file), 'utf8'))
}

describe('src keeps the rules', () => {
  test('its files are found', () => {
    expect(files.length).toBeGreaterThan(50)
    // The rules read .ts files only.
    const others = new Glob('**/*.{js,mjs,cjs,jsx,tsx,mts,cts,node,wasm}')
    expect([...others.scanSync({ cwd: SRC, dot: true })].filter((one) => !isOfPage(one))).toEqual(
      [],
    )
  })

  test.each(sources)('$file', ({ file, text }) => {
    expect(findings(file, text)).toEqual([])
  })

  test('every relative import names a file that exists, with its extension', () => {
    const names = sources.flatMap((source) =>
      importsOf(source)
        .filter(({ name, kind }) => kind !== 'path' && name?.startsWith('.'))
        .map(({ name }) => join(dirname(source.file), name!)),
    )
    expect(names).toContain('http/app.ts')
    expect(names.filter((name) => !/\.\w+$/.test(name) || !existsSync(join(SRC, name)))).toEqual([])
  })

  test('no imports form a circle, imports of types aside', () => {
    expect(circles(sources)).toEqual([])
  })

  test.each(pageFiles)('the page: %s', (file) => {
    const source = sourceOf(file)
    expect(source.text.split('\n').length).toBeLessThanOrEqual(301)
    const imports = importsOf(source).filter(({ name, kind }) => !mayPageImport(file, name, kind))
    expect(imports).toEqual([])
  })

  test('most functions and files are small', () => {
    expect(missedGoals(sources)).toEqual([])
  })
})

/** Itself and what it is made with; of the service the client, and types. */
function mayPageImport(file: string, name: string | null, kind: string): boolean {
  if (name === null) return false
  if (!name.startsWith('.')) return /^(preact|@preact\/signals|uplot)(\/|$)/.test(name)
  const target = join(dirname(file), name)
  return isOfPage(target) || target.startsWith('client/') || kind === 'type'
}

describe('the rules find planted mistakes', () => {
  const planted = { ...PLANTED_IMPORTS, ...PLANTED_USES, ...PLANTED_STATE, ...PLANTED_SHAPES }
  test.each(Object.entries(planted))('%s', (finding, texts) => {
    const missed = texts.filter((text) => !findings('delivery/planted.ts', text).includes(finding))
    expect(missed).toEqual([])
  })

  test('a part of the process that is not measured, in platform/', () => {
    const wrong = `const env = process.env, used = process.cpuUsage()`
    expect(findings('platform/planted.ts', wrong)).toEqual(['process: process.env'])
  })

  test('a file without a row', () => {
    expect(findings('elsewhere/file.ts', '')).toEqual(['row: none'])
    expect(findings('elsewhere.ts', '')).toEqual(['row: none'])
  })

  test('a circle', () => {
    const texts = {
      'task.ts': `import './errors.ts'`,
      'errors.ts': `export { write } from './log.ts'`,
      'log.ts': `const task = () => import('./task.ts')`,
      'version.ts': `import './task.ts'`,
    }
    const parsed = Object.entries(texts).map(([file, text]) => parse(file, text))
    expect(circles(parsed)).toEqual(['task.ts > errors.ts > log.ts > task.ts'])
  })

  test('files and functions that are too often long', () => {
    const long = parse('task.ts', `function a() {${'\n'.repeat(14)}}${'\n'.repeat(150)}const b = 1`)
    expect(missedGoals([long])).toHaveLength(3)
    expect(missedGoals([parse('task.ts', 'const a = () => 1')])).toEqual([])
  })
})

describe('the rules allow', () => {
  test('ordinary code', () => {
    const found = INNOCENT.map((text) => [text, findings('delivery/innocent.ts', text)] as const)
    expect(found.filter(([, wrong]) => wrong.length > 0)).toEqual([])
  })

  test.each([
    ['platform/clock.ts', `const now = () => Date.now()`],
    ['ports.ts', `const get = () => fetch('http://far')`],
    ['main.ts', `process.exitCode = Bun.argv.length`],
    ['http/app.ts', `import { Elysia } from 'elysia'`],
    ['orchestrator.ts', `import { systemPorts } from './platform/system-ports.ts'`],
    ['dev/echo.ts', `import { systemClock } from '../platform/clock.ts'`],
    ['platform/log.ts', `import { systemClock } from './clock.ts'`],
    ['platform/file-lock.ts', `import { dlopen } from 'bun:ffi'`],
    ['platform/process-usage.ts', `const bytes = () => process.memoryUsage.rss()`],
    ['version.ts', `import { version } from '../package.json'`],
    ['task.ts', `import { errorText } from './errors.ts'`],
    ['log.ts', `import type { Circle } from './log.ts'`],
  ])('code in its place: %s', (file, text) => {
    expect(findings(file, text)).toEqual([])
  })

  test('a circle of types', () => {
    const one = parse('task.ts', `import type { Fault } from './errors.ts'`)
    const other = parse('errors.ts', `import { task } from './task.ts'`)
    expect(circles([one, other])).toEqual([])
    // Bun leaves this import out, too.
    const inline = parse('task.ts', `import { type Fault, type Task } from './errors.ts'`)
    expect(circles([inline, other])).toEqual([])
    const mixed = parse('task.ts', `import { type Fault, fault } from './errors.ts'`)
    expect(circles([mixed, other])).toHaveLength(1)
  })
})
