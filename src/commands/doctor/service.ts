import type { Check } from './check.ts'
import { failure, ok, warning, type Finding } from './finding.ts'
import type { DoctorWorld } from './world.ts'

export const SERVICE: Check = { name: 'service', group: 'service', run: lookAtService }

/** What /orchestrator/ready says. */
async function lookAtService(world: DoctorWorld): Promise<Finding[]> {
  const own = await world.ownService()
  if (own.kind === 'unknown') return [ok('PORT=0: whether it runs cannot be known')]
  if (own.kind === 'another') {
    return [failure(`${own.url} is no Orchestrator: ${own.answer}`, 'set another PORT')]
  }
  if (own.kind === 'nobody') {
    const start = 'start it: systemctl start orchestrator, or orchestrator serve'
    return [warning(`it does not run at ${own.url} (${own.error})`, start)]
  }
  const findings = Object.entries(own.checks).flatMap(([name, check]) => {
    if (check.reason === null) return []
    const found = `${name}: ${check.reason}`
    const advice = 'see the other checks, and its log: journalctl -u orchestrator'
    return [check.ok ? warning(found, advice) : failure(found, advice)]
  })
  return findings.length > 0 ? findings : [ok(`ready at ${own.url}`)]
}
