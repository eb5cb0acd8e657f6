import { shownDatabase } from '../../config/database.ts'
import { postgresFault } from '../../store/postgres/postgres-fault.ts'
import type { PostgresState } from '../../store/postgres/inspect.ts'
import { serverFault } from '../../store/postgres/server.ts'
import { bytesText } from '../terminal/bytes-text.ts'
import { failure, ok, warning, type Finding } from './finding.ts'
import type { DoctorWorld } from './world.ts'

type World = Pick<DoctorWorld, 'config' | 'postgres'>

/** What `serve` would do with it, without doing it. */
export async function lookAtPostgres(world: World): Promise<Finding[]> {
  const { db } = world.config.task
  const shown = shownDatabase(db)
  try {
    const state = await world.postgres()
    return state ? [stateFinding(shown, state)] : []
  } catch (error) {
    const advice = 'see that TASK_DB is right, and that the server runs and is reached from here'
    return [failure(`${shown}: ${postgresFault(error, db)}`, advice)]
  }
}

function stateFinding(shown: string, state: PostgresState): Finding {
  const { server, schema, latestSchema, rights } = state
  const fault = serverFault(server)
  if (fault) return failure(`${shown} ${fault.found}`, fault.advice)
  if (!rights.mayUse) return failure(`${shown}: ${withoutRights(state)}`, grants(state))
  if (!rights.mayWrite) {
    const found = `the user ${rights.user} may not write all tables of the schema orchestrator`
    const grant = 'grant select, insert, update, delete on all tables in schema orchestrator'
    return failure(`${shown}: ${found}`, `as their owner: ${grant} to ${rights.user}`)
  }
  if (schema !== null && schema > latestSchema) {
    const found = `${shown} was written by a newer version: its schema is ${schema}`
    return failure(found, `this version knows ${latestSchema}: install the newer one here, too`)
  }
  if (server.losesCommits) {
    return warning(`${shown} may lose what it has confirmed`, 'set synchronous_commit and fsync on')
  }
  const size = `${shown}: Postgres ${server.name}, ${bytesText(server.bytes)}`
  return ok(`${size}; ${schemaText(schema ?? 0, latestSchema)}`)
}

function schemaText(schema: number, latestSchema: number): string {
  if (schema === 0) return 'our tables are not there yet: the service makes them at its start'
  const older = `, which the next start brings to ${latestSchema}`
  return `schema ${schema}${schema < latestSchema ? older : ', the newest'}`
}

function withoutRights({ schema, rights }: PostgresState): string {
  return schema === 0
    ? `the user ${rights.user} may not make a schema in it`
    : `the user ${rights.user} does not own all that is in the schema orchestrator`
}

function grants({ schema, rights }: PostgresState): string {
  return schema === 0
    ? `as its owner: grant create on database … to ${rights.user}`
    : 'name the user in TASK_DB who has made it, or one that is a member of that role'
}
