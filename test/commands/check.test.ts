import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { check } from '../../src/commands/check.ts'
import { canWrite } from '../../src/commands/command.ts'
import { VARIABLE_NAMES } from '../../src/config/variables.ts'
import { scriptedIo } from '../support/command-io.ts'

describe('check', () => {
  test('prints every setting with its value and source', async () => {
    const io = scriptedIo({ PORT: '9001', LOG_LEVEL: 'debug', TASK_DB: ':memory:' })
    expect(await check([], io)).toBe(0)
    const rows = io.out
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/))
    expect(rows.map(([name]) => name)).toEqual(['VARIABLE', ...VARIABLE_NAMES])
    expect(rows).toContainEqual(['PORT', '9001', 'environment'])
    expect(rows).toContainEqual(['PUBLIC_URL', 'http://localhost:9001', 'default'])
    expect(rows).toContainEqual(['LOG_LEVEL', 'DEBUG', 'environment'])
    expect(rows).toContainEqual(['REGISTRY_TIMEOUT', '5.0', 'default'])
    expect(io.err).toBe('')
  })

  test('tells all faults on stderr, nothing on stdout, and exits with 78', async () => {
    const io = scriptedIo({ PORT: 'abc', REGISTRY_URL: 'http://me:hunter2@h', TASK_DB: ':memory:' })
    expect(await check([], io)).toBe(78)
    expect(io.out).toBe('')
    expect(io.err.split('\n')).toEqual([
      'PORT="abc": must be a whole number from 0 to 65535',
      expect.stringMatching(/^REGISTRY_URL="http:\/\/\*\*\*@h": must be /),
      '',
    ])
  })

  test.each([[['extra']], [['--verbose']]])('%p is a usage error', async (args) => {
    const io = scriptedIo()
    expect(await check(args, io)).toBe(64)
    expect(io.err).toContain(args[0]!)
    expect(io.err).toContain('Usage: orchestrator check')
  })
})

describe('canWrite', () => {
  let dir: string
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'orchestrator-check-'))
  })
  afterEach(() => rmSync(dir, { recursive: true, force: true }))

  test('a directory that is there, or that could be, without making it', () => {
    expect(canWrite(dir)).toBe(true)
    expect(canWrite(join(dir, 'a', 'b'))).toBe(true)
    expect(existsSync(join(dir, 'a'))).toBe(false)
  })

  test('not a file, nor below one', () => {
    writeFileSync(join(dir, 'file'), '')
    expect(canWrite(join(dir, 'file'))).toBe(false)
    expect(canWrite(join(dir, 'file', 'below'))).toBe(false)
  })

  const isRoot = process.getuid?.() === 0
  const reason = isRoot ? ' (skipped: root may write everywhere)' : ''

  test.skipIf(isRoot)(`not one that is write-protected${reason}`, () => {
    chmodSync(dir, 0o555)
    expect(canWrite(dir)).toBe(false)
    expect(canWrite(join(dir, 'below'))).toBe(false)
  })
})
