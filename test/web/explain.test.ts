import { expect, test } from 'bun:test'
import { ApiError, Unreachable } from '../../src/client/api-error.ts'
import { STATUS_OF } from '../../src/http/error-reply.ts'
import { explain } from '../../src/web/app/ui/explain.ts'

/** Their messages say what to do. */
const PLAIN = new Set([
  'INVALID_REQUEST',
  'NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'UNSUPPORTED_MEDIA_TYPE',
])

test.each(Object.entries(STATUS_OF))('%s: in words, with what to do', (code, status) => {
  const { message, advice, code: shown } = explain(new ApiError(status, code, 'It is so'))
  expect([message, shown]).toEqual(['It is so', code])
  expect(advice === null).toBe(PLAIN.has(code))
})

test('when to try again is told', () => {
  const { advice } = explain(new ApiError(503, 'OVERLOADED', 'Full', {}, 3))
  expect(advice).toEndWith('Try again in 3 s.')
})

test('what a proxy says in place of the service', () => {
  const { message, advice, code } = explain(new ApiError(502, 'HTTP_502', 'HTTP 502 Bad Gateway'))
  expect(message).toBe('The answer was HTTP 502 Bad Gateway.')
  expect(advice).toContain('proxy')
  expect(code).toBeNull()
})

test('no answer, and what is no error of the API', () => {
  expect(explain(new Unreachable('.', null)).advice).toContain('runs')
  expect(explain(new TypeError('odd'))).toEqual({ message: 'odd', advice: null, code: null })
  expect(explain('odd').message).toBe('odd')
})
