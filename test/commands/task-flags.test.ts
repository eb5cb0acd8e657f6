/** The flags of the commands for tasks, and what their help says of them. */
import { describe, expect, test } from 'bun:test'
import { COMMANDS } from '../../src/commands/all.ts'
import type { Command } from '../../src/commands/command.ts'
import { flagsOf } from '../../src/commands/completion-words.ts'
import { apiUrl } from '../../src/commands/remote/service.ts'
import { FILTER_FLAGS, filterQuery } from '../../src/commands/remote/task-filters.ts'
import { TASK_LIST } from '../../src/commands/remote/task-list.ts'
import { FilterQuery } from '../../src/http/task-filter.ts'
import { scriptedIo } from '../support/command-io.ts'

const commands: Command[] = COMMANDS.flatMap((each) => ('commands' in each ? each.commands : each))

test('the help of task list explains each filter of the API', () => {
  const explained = [...flagsOf(TASK_LIST).keys()]
  expect(explained).toEqual(
    expect.arrayContaining(Object.keys(FILTER_FLAGS).map((flag) => `--${flag}`)),
  )
  const flags = Object.fromEntries(Object.keys(FILTER_FLAGS).map((flag) => [flag, 'error']))
  expect(Object.keys(filterQuery(flags))).toEqual(Object.keys(FilterQuery.properties))
})

test.each(commands.map((command) => [command.name, command] as const))(
  '%s knows each flag that its help explains',
  async (_, command) => {
    for (const [flag, hasValue] of flagsOf(command)) {
      const io = scriptedIo()
      // The last is wrong everywhere, so nothing is done.
      const args = [...(hasValue ? [`${flag}=1`] : [flag]), '--no-such-flag']
      expect(await command.run(args, io)).toBe(64)
      expect(io.err).toStartWith("There is no option '--no-such-flag' here.")
    }
  },
)

describe('the URL of a service', () => {
  test.each([
    ['http://localhost:8001', 'http://localhost:8001/orchestrator'],
    ['localhost:8001', 'http://localhost:8001/orchestrator'],
    ['[::1]:8001/', 'http://[::1]:8001/orchestrator'],
    ['https://h/orchestrator/', 'https://h/orchestrator'],
    ['https://h/base', 'https://h/base/orchestrator'],
    ['ftp://h', null],
    ['localhost', null],
    ['http://me:secret@h', null],
    ['http://h?x=1', null],
    ['', null],
  ])('%p: %p', (text, url) => {
    expect(apiUrl(text)).toBe(url)
  })
})
