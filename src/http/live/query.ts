/** The parameters of the live routes. */
import { Type, type Static } from 'typebox'
import { invalidRequest } from '../../errors.ts'
import { nameKey } from '../../droplets/droplet.ts'
import { SPANS } from '../../telemetry/recent-tasks.ts'
import { oneOf } from '../shapes.ts'
import { FilterQuery, toTaskFilter } from '../task-filter.ts'
import { KINDS, type Kind, type Selection } from './selection.ts'

export const OverviewQuery = Type.Object({
  span: Type.Optional(
    oneOf(SPANS, 'How far back `series` goes: in steps of a second, or of a minute'),
  ),
})

export const EventsQuery = Type.Object({
  kinds: Type.Optional(
    Type.String({
      description: `Which events, with commas between them: ${KINDS.join(', ')}. All of them without it`,
    }),
  ),
  ...FilterQuery.properties,
  task_id: Type.Optional(Type.String({ description: 'Only events of this task' })),
  task_rate: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1000,
      description:
        'At most so many `task` events a second: of a task its latest state only, and a `reset` ' +
        'where some were left out. All of them without it',
    }),
  ),
})

/** Throws INVALID_REQUEST with every value that means nothing. */
export function toSelection(query: Static<typeof EventsQuery>): Selection {
  const filter = toTaskFilter(query)
  const { droplets } = filter
  return {
    kinds: readKinds(query.kinds),
    filter: droplets ? { ...filter, droplets: droplets.map(nameKey) } : filter,
    taskId: query.task_id ?? null,
    taskRate: query.task_rate ?? null,
  }
}

function readKinds(text: string | undefined): ReadonlySet<Kind> {
  if (text === undefined) return new Set(KINDS)
  const names = text.split(',').map((name) => name.trim())
  const isKind = (name: string): name is Kind => (KINDS as readonly string[]).includes(name)
  if (names.every(isKind)) return new Set(names)
  const message = `must be one or several of ${KINDS.join(', ')}, with commas between them`
  throw invalidRequest({ path: '?kinds', message })
}
