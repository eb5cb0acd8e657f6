import { describe, expect, test } from 'bun:test'
import { envFile } from '../../src/commands/env-file.ts'
import { systemdEnv } from '../../src/commands/systemd-env.ts'
import { envExample } from '../support/settings-documents.ts'

describe('as systemd reads it', () => {
  test.each([
    ['A=1', '1'],
    [' A = 1 ', '1'],
    ['A=1\r\nB=2\r\n', '1'],
    ['A=', ''],
    ['A=1\nA=2', '2'],
    ['A=1 # no comment', '1 # no comment'],
    ['A=a#b', 'a#b'],
    ['A="x" # c', 'x# c'],
    ["A='a\nb'", 'a\nb'],
    ['A="a\\nb\\"c\\$d"', 'a\\nb"c$d'],
    ['A=a\\ b\\\nc', 'a bc'],
    ['A="a" \'b\'', 'ab'],
    ['A=it\'s "so"', 'it\'s "so"'],
    ['A=`x`', '`x`'],
    ['A=$HOME', '$HOME'],
    ["# it's = 'x\nA=1", '1'],
    ['; B=1\\\nA=0\nA=1', '1'],
    ['no equals\nA=1', '1'],
  ])('%p', (text, value) => {
    expect(systemdEnv(text).A).toBe(value)
  })

  test.each(['export A=1', '1A=1', 'A-B=1', '#A=1', ';A=1', 'A', ''])('%p sets nothing', (text) => {
    expect(systemdEnv(text)).toEqual({})
  })
})

test('what both read alike is no warning', () => {
  const alike = ['A=1', "A='a # b'", 'A="a b"', 'A=', 'A=1\r\nB=2', '# c\n\nA=1\n', 'A=a b']
  for (const text of [...alike, envExample()]) {
    expect([text, envFile('f', text).warnings]).toEqual([text, []])
  }
})

test('a warning names the setting, and no value', () => {
  const { warnings } = envFile('f', 'A=hunter2 # c\nexport B=hunter2\nC="hunter2\\n"')
  expect(warnings).toHaveLength(3)
  for (const [n, name] of ['A', 'B', 'C'].entries()) expect(warnings[n]).toContain(` ${name}`)
  expect(warnings.join()).not.toContain('hunter2')
})
