import type { PostgresState } from '../../store/postgres/inspect.ts'
import { counted, durationText } from '../terminal/texts.ts'
import type { Check } from './check.ts'
import { ok, warning, type Finding } from './finding.ts'
import { withTables } from './with-tables.ts'

export const VACUUM: Check = {
  name: 'vacuum',
  group: 'postgres',
  isOfPostgres: true,
  run: (world) => withTables(world, lookAtVacuum),
}

/** A backup of a large database takes some minutes. */
const LONG_MS = 10 * 60_000
/** At 1,000 tasks a second, of some eight minutes. */
const MANY_TRANSACTIONS = 1_000_000
/** 430,000 made a claim take 32 ms in place of 1. */
const MANY_DEAD_ROWS = 100_000

type State = Pick<PostgresState, 'oldest' | 'replica' | 'tables'>

/** What keeps vacuum from what has ended: it stays, and lies in the way of every claim. */
export function lookAtVacuum({ oldest, replica, tables }: State): Finding[] {
  const dead = tables?.live ?? { rows: 0, deadRows: 0 }
  const findings = [
    ...transactionFindings(oldest),
    ...replicaFindings(replica),
    ...deadFindings(dead),
  ]
  if (findings.length > 0) return findings
  const unfinished = counted(dead.rows, 'task')
  return [ok(`nothing holds it back: ${dead.deadRows} dead rows beside ${unfinished} under way`)]
}

function transactionFindings(oldest: PostgresState['oldest']): Finding[] {
  if (!oldest || oldest.ageMs < LONG_MS) return []
  const state = oldest.isIdle ? ', idle in transaction' : ''
  const found = `a ${oldest.what} (${oldest.name}${state}) is ${durationText(oldest.ageMs)} old`
  const end = oldest.isIdle
    ? 'end it with pg_terminate_backend(pid), and set idle_in_transaction_session_timeout'
    : oldest.what === 'transaction'
      ? 'if it is no backup, end it with pg_terminate_backend(pid)'
      : `end it: rollback prepared '${oldest.name}'`
  return [warning(found, `what has ended meanwhile cannot be cleaned up: ${end}`)]
}

function replicaFindings(replica: PostgresState['replica']): Finding[] {
  if (!replica || replica.transactions < MANY_TRANSACTIONS) return []
  const { what, name, transactions } = replica
  const end =
    what === 'standby'
      ? 'end what is open there for so long, or set hot_standby_feedback off'
      : 'bring its reader back, end what is open there, or drop it: pg_drop_replication_slot'
  return [warning(`the ${what} ${name} holds rows of ${transactions} transactions ago`, end)]
}

function deadFindings({ rows, deadRows }: { rows: number; deadRows: number }): Finding[] {
  if (deadRows < MANY_DEAD_ROWS || deadRows < rows) return []
  const found = `${deadRows} dead rows beside ${counted(rows, 'task')} under way: claims are slow`
  return [
    warning(found, 'see what holds vacuum back, that autovacuum is on; vacuum orchestrator.live'),
  ]
}
