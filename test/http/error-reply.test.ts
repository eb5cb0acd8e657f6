import { expect, test } from 'bun:test'
import { OrchestratorError, type ErrorCode } from '../../src/errors.ts'
import { errorBody, errorHeaders, STATUS_OF } from '../../src/http/error-reply.ts'

const error = (code: ErrorCode, details = {}) => new OrchestratorError(code, 'words', details)

test('the body has the one shape', () => {
  expect(JSON.parse(errorBody(error('TIMEOUT', { task_id: 't' })))).toEqual({
    status: 'error',
    error: { code: 'TIMEOUT', message: 'words', details: { task_id: 't' } },
  })
})

test.each<[ErrorCode, object, Record<string, string>]>([
  ['OVERLOADED', {}, { 'retry-after': '5' }],
  ['SHUTTING_DOWN', {}, { 'retry-after': '5' }],
  ['STORE_UNAVAILABLE', {}, { 'retry-after': '1' }],
  ['METHOD_NOT_ALLOWED', { allowed_methods: ['GET', 'HEAD'] }, { allow: 'GET, HEAD' }],
  ['IDEMPOTENCY_KEY_IN_USE', { task_id: 'a' }, { location: '/orchestrator/tasks/a' }],
  ['UNSUPPORTED_MEDIA_TYPE', { content_encoding: 'br' }, { 'accept-encoding': 'identity' }],
  ['UNSUPPORTED_MEDIA_TYPE', {}, {}],
  ['INVALID_REQUEST', {}, {}],
  ['DROPLET_UNREACHABLE', { task_id: 'a' }, {}],
])('%s has its headers', (code, details, headers) => {
  expect(errorHeaders(error(code, details))).toEqual(headers)
})

test('every status is an error status', () => {
  for (const status of Object.values(STATUS_OF)) expect(status).toBeGreaterThanOrEqual(400)
})
