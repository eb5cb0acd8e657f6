import { existsSync, readFileSync } from 'node:fs'
import { errorText } from '../../errors.ts'
import { UNIT_SETTINGS } from '../command.ts'
import unit from '../orchestrator.service' with { type: 'text' }
import type { Check } from './check.ts'
import { ok, warning, type Finding } from './finding.ts'
import type { DoctorWorld } from './world.ts'

export const UNIT: Check = { name: 'unit', group: 'machine', run: lookAtUnit }

/** The first that is there counts (systemd.unit(5)). */
const FOLDERS = ['/etc/systemd/system', '/run/systemd/system', '/usr/local/lib/systemd/system']
const FILE = 'orchestrator.service'
const SECONDS: Readonly<Record<string, number>> = { '': 1, s: 1, sec: 1, m: 60, min: 60, h: 3600 }

type World = Pick<DoctorWorld, 'config' | 'io'>

function lookAtUnit(world: World): Finding[] {
  const path = FOLDERS.map((folder) => `${folder}/${FILE}`).find((file) => existsSync(file))
  if (path === undefined) {
    return [ok("not installed: 'orchestrator systemd' prints one")]
  }
  try {
    return unitFindings(world, path, readFileSync(path, 'utf8'))
  } catch (error) {
    return [warning(`${path} cannot be read: ${errorText(error)}`, 'run the doctor as root')]
  }
}

function unitFindings({ config, io }: World, path: string, text: string): Finding[] {
  const findings: Finding[] = []
  if (text.trim() !== unit.trim()) {
    const diff = `see how: orchestrator systemd | diff ${path} -`
    const found = `${path} is not what this version prints`
    findings.push(
      warning(found, `${diff}; changes of your own belong in systemctl edit orchestrator`),
    )
  }
  const stopMs = stopLimitMs(text)
  // With notify, the service asks for the time that it needs.
  if (!/^Type=notify/m.test(text) && stopMs !== null && stopMs <= config.shutdownGraceMs) {
    const found = `TimeoutStopSec=${stopMs / 1000} ends tasks before SHUTDOWN_GRACE is over`
    findings.push(warning(found, `raise it above ${config.shutdownGraceMs / 1000} s`))
  }
  if (io.unitSettings() === null) {
    findings.push(warning(`${UNIT_SETTINGS} cannot be read by this user`, 'run the doctor as root'))
  }
  return findings.length > 0 ? findings : [ok(`${path} is what this version prints`)]
}

/** null: it has none, or one with several parts. */
function stopLimitMs(text: string): number | null {
  const [, value, suffix = ''] = /^TimeoutStopSec=(\d+) *([a-z]*)$/m.exec(text) ?? []
  const factor = SECONDS[suffix]
  return value === undefined || factor === undefined ? null : 1000 * Number(value) * factor
}
