import { expect, test } from 'bun:test'
import { pageView } from '../../src/http/task-views.ts'
import { taskOf } from '../support/task-states.ts'

test('a list shows no value of a query, in what went wrong neither', () => {
  const errorMessage = "EPROTO: GET 'http://127.0.0.1:1/x?key=hunter2&hunter2#hunter2' failed"
  const task = { ...taskOf('error'), retryCount: 0, targetUrl: 'http://x/y?key=hunter2' }
  const tasks = [
    { ...task, errorMessage },
    { ...task, errorMessage: null },
  ]
  const page = JSON.parse(pageView({ tasks, total: 2, nextCursor: null }, 2))
  expect(page.tasks.map((each: { error_message: unknown }) => each.error_message)).toEqual([
    "EPROTO: GET 'http://127.0.0.1:1/x?key=REDACTED&REDACTED#REDACTED' failed",
    null,
  ])
  expect(JSON.stringify(page)).not.toContain('hunter2')
})
