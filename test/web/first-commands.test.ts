import { expect, test } from 'bun:test'
import { firstCommands } from '../../src/web/app/overview/commands.ts'
import { shellText } from '../../src/web/app/ui/shell-text.ts'

const BASE = 'http://localhost:8001/orchestrator'

test('the first commands name the token only where one is needed', () => {
  const open = firstCommands(BASE, 'echo', false).map(({ command }) => command)
  expect(open[0]).toBe(`curl -X POST ${BASE}/tasks \\
  -H 'Content-Type: application/json' \\
  -d '{"droplet_name":"echo","method":"GET","path":"/health"}'`)
  expect(open.join()).not.toContain('Authorization')
  for (const { command } of firstCommands(BASE, 'echo', true)) {
    expect(command).toContain('-H "Authorization: Bearer $ORCHESTRATOR_TOKEN"')
  }
})

test.each(['plain', `it's`, '$(reboot)', '`x`', 'a b', '', '"', "''", '\\'])(
  'the shell takes %p for what it is',
  (text) => {
    const { stdout } = Bun.spawnSync(['/bin/sh', '-c', `printf %s ${shellText(text)}`])
    expect(stdout.toString()).toBe(text)
  },
)
