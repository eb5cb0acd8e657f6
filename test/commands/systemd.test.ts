import { describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { UNIT_SETTINGS } from '../../src/commands/command.ts'
import { systemd } from '../../src/commands/systemd.ts'
import { VARIABLES } from '../../src/config/variables.ts'
import { scriptedIo } from '../support/command-io.ts'
import { allowRealTime } from '../support/eventually.ts'
import { temporaryDir } from '../support/temporary.ts'

allowRealTime()

async function unitFile(): Promise<string> {
  const io = scriptedIo()
  expect(await systemd([], io)).toBe(0)
  return io.out
}

function valueOf(unit: string, name: string): string | undefined {
  return unit.match(new RegExp(`^${name}=(.*)$`, 'm'))?.[1]
}

describe('systemd', () => {
  const hasAnalyze = Bun.which('systemd-analyze') !== null
  const skipped = hasAnalyze ? '' : ' (skipped: not here)'

  test.skipIf(!hasAnalyze)(`passes systemd-analyze verify without a word${skipped}`, async () => {
    using dir = temporaryDir()
    const file = dir.file('orchestrator.service')
    const binary = '/usr/local/bin/orchestrator'
    writeFileSync(file, (await unitFile()).replace(`=${binary} `, `=${process.execPath} `))
    const verify = Bun.spawnSync(['systemd-analyze', 'verify', file])
    expect(verify.stderr.toString()).toBe('')
    expect(verify.exitCode).toBe(0)
  })

  test('runs the binary, does not try again what cannot get better', async () => {
    const unit = await unitFile()
    expect(valueOf(unit, 'ExecStart')).toBe('/usr/local/bin/orchestrator serve')
    expect(valueOf(unit, 'RestartPreventExitStatus')).toBe('64 78')
    expect(valueOf(unit, 'EnvironmentFile')).toBe(`-${UNIT_SETTINGS}`)
  })

  test('is told when the service is ready, feeds its watchdog and leaves no core', async () => {
    const unit = await unitFile()
    expect(valueOf(unit, 'Type')).toBe('notify')
    expect(valueOf(unit, 'ExecReload')).toBe('/bin/kill -HUP $MAINPID')
    expect(valueOf(unit, 'WatchdogSec')).toBe('3min')
    expect(valueOf(unit, 'TimeoutStartSec')).toBe('infinity')
    expect(valueOf(unit, 'LimitCORE')).toBe('0')
    expect(valueOf(unit, 'RestrictAddressFamilies')).toContain('AF_UNIX')
  })

  test('has the directories that are the defaults', async () => {
    const unit = await unitFile()
    expect(VARIABLES.TASK_DB.default).toStartWith(`/var/lib/${valueOf(unit, 'StateDirectory')}/`)
    expect(VARIABLES.REGISTRY_CACHE_DIR.default).toBe(
      `/var/cache/${valueOf(unit, 'CacheDirectory')}`,
    )
  })

  test('waits longer than SHUTDOWN_GRACE before it kills', async () => {
    const grace = Number(VARIABLES.SHUTDOWN_GRACE.default)
    expect(Number(valueOf(await unitFile(), 'TimeoutStopSec'))).toBeGreaterThan(grace)
  })

  test('leaves out what would turn the JIT compiler off', async () => {
    expect(await unitFile()).not.toMatch(/^(MemoryDenyWriteExecute|LimitAS)=/m)
  })

  test.skipIf(!hasAnalyze)(`is rated 1.7 or better by systemd itself${skipped}`, async () => {
    using dir = temporaryDir()
    writeFileSync(dir.file('orchestrator.service'), await unitFile())
    const asked = ['security', '--offline=true', '--no-pager', dir.file('orchestrator.service')]
    const { stdout } = Bun.spawnSync(['systemd-analyze', ...asked])
    const exposure = /exposure level for \S+: (\S+)/.exec(stdout.toString())?.[1]
    expect(Number(exposure)).toBeLessThanOrEqual(1.7)
  })

  test('an argument is a usage error', async () => {
    expect(await systemd(['now'], scriptedIo())).toBe(64)
  })
})
