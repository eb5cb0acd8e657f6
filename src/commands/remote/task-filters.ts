/** The filters of task lists as flags: those of the API, each of them. */
import type { Query } from '../../client/client.ts'
import { FilterQuery } from '../../http/task-filter.ts'
import { STATUS_FILTERS } from '../../task.ts'
import { didYouMean } from '../help.ts'
import { Misuse } from './service.ts'

const PARAMETERS = Object.keys(FilterQuery.properties)

/** `droplet_name` is the one that has a shorter name. */
const flagOf = (parameter: string) =>
  parameter === 'droplet_name' ? 'droplet' : parameter.replaceAll('_', '-')

export const FILTER_FLAGS: Readonly<Record<string, string>> = Object.fromEntries(
  PARAMETERS.map((parameter) => [flagOf(parameter), '']),
)

export function filterQuery(flags: Readonly<Record<string, string>>): Query {
  const { status = '' } = flags
  if (status !== '' && !STATUS_FILTERS.some((each) => each === status)) {
    const hint = didYouMean(status, STATUS_FILTERS) || ` There are: ${STATUS_FILTERS.join(', ')}.`
    throw new Misuse(`There is no status '${status}'.${hint}`)
  }
  return Object.fromEntries(PARAMETERS.map((parameter) => [parameter, flags[flagOf(parameter)]]))
}
