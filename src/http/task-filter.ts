/** Which tasks are meant: the parameters of lists, and of all else that takes a selection. */
import { Type, type Static } from 'typebox'
import { invalidRequest, type FieldError } from '../errors.ts'
import type { TaskFilter } from '../store/store.ts'
import { STATUS_FILTERS } from '../task.ts'
import { oneOf } from './shapes.ts'
import { readTime } from './time-text.ts'

const TIME = 'Unix seconds, or a date and time as in RFC 3339'
const text = (description: string) => Type.Optional(Type.String({ description }))
/** A number, as clients have one; in a query all is text. */
const textOrNumber = (description: string) =>
  Type.Optional(Type.Union([Type.Number(), Type.String()], { description }))

export const FilterQuery = Type.Object({
  status: Type.Optional(
    oneOf(STATUS_FILTERS, 'Only tasks in this state; `failed`: error or timeout'),
  ),
  droplet_name: text("Only this droplet's tasks; upper and lower case are the same"),
  response_status: textOrNumber(
    'Only tasks with this status from their droplet: `404`, or a whole class such as `5xx`',
  ),
  created_after: textOrNumber(`Only tasks accepted at this moment or later: ${TIME}`),
  created_before: textOrNumber(`Only tasks accepted before this moment, without it: ${TIME}`),
  request_id: text('Only tasks of the request with this `X-Request-ID`'),
  replay_of: text('Only replays of the task with this id'),
  mode: Type.Optional(
    oneOf(['sync', 'async'], 'Only tasks that were waited for, or only the others'),
  ),
})

/** Throws INVALID_REQUEST with every value that means nothing. */
export function toTaskFilter(query: Static<typeof FilterQuery>): TaskFilter {
  const errors: FieldError[] = []
  const read = <T>(name: keyof typeof query, reader: (value: string) => T | null, must: string) => {
    const value = query[name]
    const result = value === undefined ? null : reader(String(value))
    if (value !== undefined && result === null) errors.push({ path: `?${name}`, message: must })
    return result
  }
  const timeMust = `must be ${TIME}`
  const responseStatus = read('response_status', readStatus, 'must be a status, or one as 5xx')
  const createdFrom = read('created_after', readTime, timeMust)
  const createdBefore = read('created_before', readTime, timeMust)
  if (errors.length > 0) throw invalidRequest(...errors)
  const { status, droplet_name, request_id, replay_of, mode } = query
  return {
    ...(status ? { status } : {}),
    ...(droplet_name ? { droplets: [droplet_name] } : {}),
    ...(responseStatus ? { responseStatus } : {}),
    ...(createdFrom === null ? {} : { createdFrom }),
    ...(createdBefore === null ? {} : { createdBefore }),
    ...(request_id ? { requestId: request_id } : {}),
    ...(replay_of ? { replayOf: replay_of } : {}),
    ...(mode ? { mode } : {}),
  }
}

function readStatus(text: string): NonNullable<TaskFilter['responseStatus']> | null {
  if (/^[1-9]\d\d$/.test(text)) return { from: Number(text), to: Number(text) }
  if (!/^[1-9]xx$/i.test(text)) return null
  const from = Number(text[0]) * 100
  return { from, to: from + 99 }
}
