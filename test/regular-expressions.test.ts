/** No input costs more than its size: each regular expression of src takes linear time. */
import { describe, expect, test } from 'bun:test'
import { Glob } from 'bun'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { check } from 'recheck'
import { parse } from './architecture/source.ts'
import { allowRealTime } from './support/eventually.ts'

allowRealTime()

const SRC = join(import.meta.dir, '../src')

interface Literal {
  file: string
  pattern: string
  flags: string
}

function literalsOf(file: string, text: string): Literal[] {
  return parse(file, text).nodes.flatMap((node) =>
    node.type === 'Literal' && 'regex' in node ? [{ file, ...node.regex }] : [],
  )
}

/** How often it names `RegExp`: for a pattern that is no literal. */
function timesMade(file: string, text: string): number {
  return parse(file, text).references.filter(
    ({ identifier, resolved }) => identifier.name === 'RegExp' && !resolved,
  ).length
}

/** The patterns that are made while the file is loaded. */
async function madeBy(file: string): Promise<Literal[]> {
  const made: Literal[] = []
  const original = globalThis.RegExp
  globalThis.RegExp = new Proxy(original, {
    construct(target, [pattern, flags = '']: [string, string?]) {
      made.push({ file, pattern, flags })
      return new target(pattern, flags)
    },
  })
  try {
    await import(`${join(SRC, file)}?again`)
  } finally {
    globalThis.RegExp = original
  }
  return made
}

const sources = [...new Glob('**/*.{ts,tsx}').scanSync({ cwd: SRC })]
  .filter((file) => !file.endsWith('.d.ts'))
  .sort()
  .map((file) => ({ file, text: readFileSync(join(SRC, file), 'utf8') }))

/** What is wrong with it; null when it is linear. Proved, or attacked in vain. */
async function fault({ pattern, flags }: Pick<Literal, 'pattern' | 'flags'>) {
  // Its search is seeded, so that it finds the same each time.
  const found = await check(pattern, flags, { timeout: 60_000 })
  if (found.status === 'safe') return null
  return found.status === 'unknown' ? 'not decided' : found.complexity.summary
}

const literals = sources.flatMap(({ file, text }) => literalsOf(file, text))
const made: Literal[] = []
for (const { file, text } of sources)
  if (timesMade(file, text) > 0) made.push(...(await madeBy(file)))

describe('each regular expression', () => {
  test('is found', () => {
    expect(literals.length).toBeGreaterThan(30)
    // One that is made later, perhaps of what somebody sent, nobody could check.
    const times = sources.map(({ file, text }) => timesMade(file, text))
    expect(made.length).toBe(times.reduce((sum, each) => sum + each, 0))
  })

  test.each([...literals, ...made])('$file: $pattern', async (literal) => {
    expect(await fault(literal)).toBeNull()
  })
})

test.each([
  [String.raw`\/+$`, ''],
  [String.raw`\s*\n\s*`, 'g'],
  [String.raw`^\s*([\w!]+)\s*(?:=\s*(?:"([^"]*)"|([^\s;"]*)))?\s*(?:;.*)?$`, ''],
  ['^(a+)+$', ''],
])('a planted one is found: %s', async (pattern, flags) => {
  expect(await fault({ pattern, flags })).toMatch(/polynomial|exponential/)
})

test('what makes a pattern is found', () => {
  expect(timesMade('made.ts', 'new RegExp(x); RegExp(y)')).toBe(2)
  expect(timesMade('made.ts', 'const { f = RegExp } = y')).toBe(1)
  expect(timesMade('made.ts', 'const x: RegExp = /a/')).toBe(0)
})
