/** The live routes, as the OpenAPI document describes them. */
import { EventsQuery, OverviewQuery } from '../live/query.ts'
import { queryParameters } from '../query.ts'
import { describe } from './describe.ts'
import { liveEventExample, overviewExample } from './live-examples.ts'

export const overview = describe({
  operationId: 'getOverview',
  tag: 'Operations',
  access: 'tasks:read',
  summary: 'Tell how it goes: what is wrong, what there is to be done, and how it was lately',
  description: 'Of the droplets that the caller may see, at this node.',
  parameters: queryParameters(OverviewQuery),
  replies: { 200: { description: 'All of that', schema: 'Overview', example: overviewExample } },
  errors: ['INVALID_REQUEST'],
})

export const events = describe({
  operationId: 'watchEvents',
  tag: 'Operations',
  access: 'tasks:read',
  summary: 'Tell what happens, as it happens',
  description:
    'Server-sent events, until the caller leaves. The filters are those of lists, for `task` ' +
    'events only. Whoever reads too slowly gets a `reset`, and the stream ends. Of nodes that share ' +
    'a Postgres, each tells what happens at it alone.',
  parameters: [
    ...queryParameters(EventsQuery),
    {
      name: 'Last-Event-ID',
      in: 'header',
      required: false,
      description:
        'The id of the last event that the caller had: what came since then comes first; or a ' +
        '`reset`, when that is not known any more',
      schema: { type: 'string' },
    },
  ],
  replies: {
    200: {
      description: 'The stream',
      schema: 'LiveEvent',
      example: liveEventExample,
      type: 'text/event-stream',
    },
  },
  errors: ['INVALID_REQUEST', 'OVERLOADED'],
})
