import { listenError, listenFailure } from '../../platform/listen-failure.ts'
import type { Check } from './check.ts'
import { failure, ok, type Finding } from './finding.ts'
import type { DoctorWorld } from './world.ts'

export const PORT: Check = { name: 'port', group: 'machine', run: lookAtPort }

async function lookAtPort(world: DoctorWorld): Promise<Finding[]> {
  const { config } = world
  if (config.port === 0) return [ok('PORT=0: the service takes a free one')]
  const own = await world.ownService()
  if (own.kind === 'running') return [ok(`${own.url} is our own service, ${own.version}`)]
  const error = listenError(config)
  if (error === null) return [ok(`${config.host}:${config.port} is free`)]
  const found = await listenFailure(error, config)
  const holder = own.kind === 'another' ? ` by another program: ${own.answer}` : ''
  return [failure(`${found}${holder}`, adviceFor(found, config.port))]
}

function adviceFor(found: string, port: number): string {
  return found.includes('in use')
    ? `see who has it: ss -ltnp 'sport = :${port}'; or set another PORT`
    : 'set HOST to an address of this machine, and PORT to one from 1024 on'
}
