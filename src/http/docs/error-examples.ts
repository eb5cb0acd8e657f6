/** What each error looks like: made by the code that throws it, where that needs no request. */
import { scopeMissing, unauthorized } from '../../access/refusals.ts'
import { refusedTask } from '../../delivery/refused-task.ts'
import { invalidRequest, OrchestratorError, type ErrorCode } from '../../errors.ts'
import { storeUnavailable } from '../../store/store.ts'
import {
  keyInUse,
  keyReused,
  overloaded,
  registryError,
  shuttingDown,
  taskFinished,
  taskNotFound,
  unknownDroplet,
} from '../../tasks/task-errors.ts'
import { pageRefused } from '../browsers.ts'
import { loopDetected, MAX_HOPS } from '../hops.ts'
import { codingRefused } from '../json-body.ts'
import { rateLimited } from '../rate-limit.ts'
import { tooLarge } from '../request-bodies.ts'
import { neverAnswered } from '../task-views.ts'
import { taskExample } from './examples.ts'

const { id } = taskExample
const ended = {
  id,
  dropletName: 'echo',
  targetUrl: taskExample.target_url,
  attempts: [],
  durationMs: 7012,
}
const registryDetails = {
  registry_url: 'http://localhost:8000',
  last_sync: null,
  last_error: 'ECONNREFUSED: connection refused',
}

export const ERROR_EXAMPLES: Readonly<Record<ErrorCode, OrchestratorError>> = {
  INVALID_REQUEST: invalidRequest({ path: '/path', message: 'is required' }),
  DROPLET_NOT_FOUND: unknownDroplet('ehco', ['dashboard', 'echo', 'registry']),
  UNAUTHORIZED: unauthorized('missing'),
  FORBIDDEN: scopeMissing('tasks:write'),
  NOT_FOUND: new OrchestratorError('NOT_FOUND', 'There is no /orchestrator/task'),
  TASK_NOT_FOUND: taskNotFound(id),
  METHOD_NOT_ALLOWED: new OrchestratorError('METHOD_NOT_ALLOWED', 'Only GET is allowed here', {
    allowed_methods: ['GET'],
  }),
  TASK_FINISHED: taskFinished({ id, status: 'success' }),
  IDEMPOTENCY_KEY_IN_USE: keyInUse(id),
  IDEMPOTENCY_KEY_REUSED: keyReused(id),
  PAYLOAD_TOO_LARGE: tooLarge(1_048_576),
  UNSUPPORTED_MEDIA_TYPE: codingRefused('gzip'),
  RATE_LIMITED: rateLimited(50),
  INTERNAL_ERROR: new OrchestratorError('INTERNAL_ERROR', 'Something went wrong here', {
    request_id: taskExample.request_id,
  }),
  DROPLET_UNREACHABLE: neverAnswered({
    ...ended,
    status: 'error',
    errorMessage: 'ECONNREFUSED: connection refused',
  }),
  REGISTRY_ERROR: registryError({ errorDetails: () => registryDetails }),
  OVERLOADED: overloaded(100_000),
  CIRCUIT_OPEN: refusedTask('echo', {
    kind: 'circuit open',
    reason: 'circuit open: the droplet has not been there for 95 s',
    retryAfterMs: 4000,
  }),
  SHUTTING_DOWN: shuttingDown(),
  STORE_UNAVAILABLE: storeUnavailable(),
  LOOP_DETECTED: loopDetected(MAX_HOPS),
  TIMEOUT: neverAnswered({
    ...ended,
    status: 'timeout',
    errorMessage: 'no answer in 30000 ms',
  }),
}

/** Of a route that has none of these errors of its own. */
export const DOOR_EXAMPLES: Readonly<Partial<Record<ErrorCode, OrchestratorError>>> = {
  INVALID_REQUEST: invalidRequest({ path: 'Host', message: 'is not a host' }),
  FORBIDDEN: pageRefused('https://elsewhere.example'),
}
