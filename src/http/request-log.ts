/**
 * One line in the log for each request, and its time in the metrics, as soon as its answer is
 * known. Before that is sent, not afterwards: Elysia's hook for that costs 1 µs a request more.
 */
import type { Elysia } from 'elysia'
import { withoutTrailingSlashes } from '../config/urls.ts'
import { OrchestratorError } from '../errors.ts'
import type { LogFields } from '../log.ts'
import type { Ports } from '../ports.ts'
import type { RequestDurations } from '../telemetry/request-durations.ts'
import { traceIdOf } from '../trace-context.ts'
import type { ResponseSettings } from './base.ts'
import { HungUp } from './hang-up.ts'

/** What monitors and browsers ask for all the time. */
const QUIET = /\/(?:health|ready|metrics)$|\/docs(?:\/|$)|\/assets\/|^\/(?:orchestrator)?$/
/** For a path without a route: the path itself is the caller's, and may hold anything. */
const NO_ROUTE = '(none)'
/** nginx's status for a caller that left before it was answered. */
const HUNG_UP = 499

/** Who has waited less than this is taken to be there still, ms. */
const MIN_WAIT_MS = 100

interface Answered {
  request: Request
  set: ResponseSettings
  /** What a handler returned: text, for whose status `set` speaks, or a Response. */
  response: unknown
  /** The pattern, such as `/orchestrator/tasks/:task_id`. */
  route: string
  durationMs: number
}

export interface RequestLogPorts extends Pick<Ports, 'log' | 'clock'> {
  durations: RequestDurations
}

/**
 * To be used before all other hooks: it takes the time. Costs 0.5 µs a request where nothing is
 * logged.
 */
export function requestLog({ log, clock, durations }: RequestLogPorts) {
  return (app: Elysia) =>
    app
      .onRequest(({ set }) => {
        settings(set).startTick = clock.monotonic()
      })
      .mapResponse(({ request, set, route, responseValue: response }) => {
        const { startTick } = settings(set)
        // The twin of a route, with a slash at its end, calls each hook twice.
        if (startTick !== undefined) {
          settings(set).startTick = undefined
          const durationMs = clock.monotonic() - startTick
          const answered = {
            request,
            set: settings(set),
            response,
            route: patternOf(route),
            durationMs,
          }
          const status = statusOf(answered)
          durations.observe(request.method, answered.route, status, durationMs / 1000)
          logAnswered(log, answered, status)
        }
        // As it was: of an error without a route, Elysia would else send nothing.
        return response as Response
      })
}

/** Elysia's own type of it does not know what we note there. */
const settings = (set: object) => set as ResponseSettings

/** Undefined where no route was found. */
function patternOf(route: string | undefined): string {
  return route ? withoutTrailingSlashes(route) || '/' : NO_ROUTE
}

function logAnswered(log: Ports['log'], answered: Answered, status: number): void {
  const level = QUIET.test(answered.route) ? 'DEBUG' : 'INFO'
  if (!log.enabled(level)) return
  const write = level === 'DEBUG' ? log.debug : log.info
  write(status === HUNG_UP ? 'the caller hung up' : 'request', fieldsOf(answered, status))
}

function statusOf(answered: Answered): number {
  const { set, response } = answered
  if (hasLeft(answered)) return HUNG_UP
  return response instanceof Response ? response.status : Number(set.status ?? 200)
}

/** Whether nobody waits for the answer any more. */
function hasLeft({ request, set, durationMs }: Answered): boolean {
  // The signal is made when it is asked for, which costs 1 µs.
  return set.error instanceof HungUp || (durationMs >= MIN_WAIT_MS && request.signal.aborted)
}

function fieldsOf(answered: Answered, status: number): LogFields {
  const { request, set, route, durationMs } = answered
  const { error, task, token } = set
  return {
    request_id: set.headers['x-request-id'],
    method: request.method,
    route,
    caller: token instanceof OrchestratorError ? undefined : token?.name,
    status,
    duration_ms: Math.round(durationMs),
    task_id: task?.id ?? set.headers['x-task-id'] ?? (error && taskOf(error)),
    trace_id: task && traceIdOf(task),
    droplet: task?.dropletName ?? error?.details.droplet_name,
    code: status === HUNG_UP ? undefined : error?.code,
  }
}

/** Not an id that the caller made up. */
function taskOf({ code, details }: OrchestratorError): unknown {
  return code === 'TASK_NOT_FOUND' ? undefined : details.task_id
}
