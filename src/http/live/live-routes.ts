/** How the service does, once and live. */
import { Elysia } from 'elysia'
import { OrchestratorError } from '../../errors.ts'
import { VERSION } from '../../version.ts'
import type { Ports } from '../../ports.ts'
import { BASE, type ResponseSettings } from '../base.ts'
import * as documented from '../docs/live-operations.ts'
import { readQuery } from '../query.ts'
import type { RoutePorts } from '../route-ports.ts'
import { seconds } from '../seconds.ts'
import { MAX_READERS, type Feed } from './feed.ts'
import { EventsQuery, OverviewQuery, toSelection } from './query.ts'

const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // nginx would else keep events until it has a buffer full of them.
  'x-accel-buffering': 'no',
}

export type LivePorts = RoutePorts & Pick<Ports, 'clock'> & { feed: Feed }

export function liveRoutes({ feed, admission, idleLimit, clock }: LivePorts) {
  return new Elysia({ name: 'live' })
    .get(
      `${BASE}/overview`,
      ({ request, set }) => {
        const { span = '15m' } = readQuery(OverviewQuery, request.url)
        const caller = admission.callerOf(set)
        const view = feed.views.of(caller.droplets)
        return {
          time: seconds(clock.now()),
          version: VERSION,
          node: feed.node,
          access: {
            name: caller.identity,
            scopes: admission.scopesOf(set),
            droplets: caller.droplets?.patterns ?? null,
          },
          ...view.now(),
          series: view.series(span),
        }
      },
      admission.route(documented.overview),
    )
    .get(
      `${BASE}/events`,
      ({ request, set, server }) => {
        const selection = toSelection(readQuery(EventsQuery, request.url))
        if (request.method === 'HEAD') return new Response(null, { headers: STREAM_HEADERS })
        if (feed.size >= MAX_READERS) throw tooManyWatch()
        const settings: ResponseSettings = set
        const { stream, over } = feed.watch({
          droplets: admission.callerOf(set).droplets,
          selection,
          lastEventId: request.headers.get('last-event-id'),
          mayGoOn: () => admission.stillAdmits(request, settings, 'tasks:read'),
        })
        void idleLimit.during({ request, server }, () => over)
        return new Response(stream, { headers: STREAM_HEADERS })
      },
      admission.route(documented.events),
    )
}

function tooManyWatch(): OrchestratorError {
  const message = `${MAX_READERS} streams of events are open already`
  return new OrchestratorError('OVERLOADED', message, { max_readers: MAX_READERS })
}
