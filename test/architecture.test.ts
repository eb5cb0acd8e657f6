import { describe, expect, test } from 'bun:test'
import { Glob } from 'bun'
import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

const SRC = join(import.meta.dir, '../src')

/**
 * The rows of the house, from the bottom. A file imports from rows below its own, and from its
 * own folder.
 */
const ROWS: readonly (readonly string[])[] = [
  ['task.ts', 'errors.ts', 'log.ts', 'version.ts'],
  ['ports.ts', 'truncation.ts'],
  ['config'],
  ['platform'],
  ['droplets'],
  ['registry'],
  ['store'],
  ['delivery'],
  ['telemetry'],
  ['tasks'],
  ['http'],
  ['orchestrator.ts'],
  ['dev'],
  ['commands'],
  ['main.ts'],
]

interface Import {
  /** From src. */
  target: string
  typeOnly: boolean
}

const files = [...new Glob('**/*.ts').scanSync(SRC)].sort()
const text = (file: string) => readFileSync(join(SRC, file), 'utf8')
const code = files.filter((file) => !file.endsWith('.d.ts'))

const IMPORT = /^\s*(import|export)\s+(type\s)?[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'/gm

function specifiers(file: string): { name: string; typeOnly: boolean }[] {
  return [...text(file).matchAll(IMPORT)].map(([, , type, from, bare]) => ({
    name: (from ?? bare)!,
    typeOnly: type !== undefined,
  }))
}

function importsOf(file: string): Import[] {
  return specifiers(file)
    .filter(({ name }) => name.startsWith('.'))
    .map(({ name, typeOnly }) => ({ target: normalize(join(dirname(file), name)), typeOnly }))
}

const room = (file: string) => file.split('/')[0]!
const rowOf = (file: string) => ROWS.findIndex((row) => row.includes(room(file)))

test('the imports are found, and every file has its row', () => {
  expect(code.length).toBeGreaterThan(50)
  expect(importsOf('orchestrator.ts').map(({ target }) => target)).toContain('http/app.ts')
  expect(importsOf('delivery/deliver.ts')).toContainEqual({
    target: 'store/store.ts',
    typeOnly: true,
  })
  expect(code.filter((file) => rowOf(file) < 0)).toEqual([])
})

describe('a file imports from the rows below it, or from its own folder', () => {
  test.each(code)('%s', (file) => {
    const wrong = importsOf(file).filter(({ target }) => {
      if (target === '../package.json') return file !== 'version.ts'
      const isOwn = file.includes('/') && room(target) === room(file)
      const isWord = rowOf(file) < 2 && rowOf(target) <= rowOf(file) && !target.includes('/')
      return !(isOwn || isWord || rowOf(target) < rowOf(file))
    })
    expect(wrong).toEqual([])
  })

  test('nothing goes round in circles but types', () => {
    const done = new Set<string>()
    const visit = (file: string, path: string[]): void => {
      expect(path).not.toContain(file)
      if (done.has(file)) return
      for (const { target, typeOnly } of importsOf(file)) {
        if (!typeOnly && code.includes(target)) visit(target, [...path, file])
      }
      done.add(file)
    }
    for (const file of code) visit(file, [])
  })
})

test('Elysia is known to src/http only', () => {
  const knows = code.filter((file) =>
    specifiers(file).some(({ name }) => /^(elysia|@elysiajs)(\/|$)/.test(name)),
  )
  expect(knows.length).toBeGreaterThan(3)
  expect(knows.filter((file) => room(file) !== 'http')).toEqual([])
})

/** The code without its comments and plain texts. */
function bare(file: string): string {
  return text(file)
    .replace(/\/\*[^]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '')
    .replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''")
}

test('only main.ts touches the process', () => {
  const touching = /(?<![\w.])process\s*\.|Bun\.(env|argv|main)\b|import\.meta\.env/
  expect(code.filter((file) => touching.test(bare(file)))).toEqual(['main.ts'])
})

test('nothing is exported by default, but what assets are declared as', () => {
  const withDefault = files.filter((file) => /export\s+default|as\s+default/.test(bare(file)))
  expect(withDefault.filter((file) => !file.endsWith('.d.ts'))).toEqual([])
})

test('no file is longer than 300 lines', () => {
  const long = files.filter((file) => text(file).trimEnd().split('\n').length > 300)
  expect(long).toEqual([])
})

test('no module has state of its own', () => {
  expect(code.filter((file) => /^(export )?let /m.test(text(file)))).toEqual([
    'store/sqlite/worker.ts',
  ])
})
