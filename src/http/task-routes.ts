/** Looking at tasks, and cancelling them. */
import { Elysia } from 'elysia'
import type { Engine } from '../engine.ts'
import { invalidRequest } from '../errors.ts'
import type { Task } from '../task.ts'
import { callerOf } from './admission.ts'
import { BASE, JSON_TYPE, UNPARSED, type ResponseSettings } from './base.ts'
import * as documented from './docs/task-operations.ts'
import type { IdleLimit } from './idle-limit.ts'
import { FindQuery, ListQuery, readQuery, toTaskQuery, toWaitMs } from './query.ts'
import { pageView, taskView } from './task-views.ts'

export function taskRoutes({ tasks }: Pick<Engine, 'tasks'>, idleLimit: IdleLimit) {
  return new Elysia({ name: 'tasks' })
    .get(
      `${BASE}/tasks`,
      async ({ request, set }) => {
        const query = toTaskQuery(readQuery(ListQuery, request.url))
        const page = await tasks.list(callerOf(request, set), query)
        if (!page) {
          throw invalidRequest({ path: '?cursor', message: 'is not a next_cursor of this list' })
        }
        set.headers['content-type'] = JSON_TYPE
        return pageView(page, query.limit)
      },
      { detail: documented.list },
    )
    .get(
      `${BASE}/tasks/:task_id`,
      async ({ params, request, set, server }) => {
        const waitMs = toWaitMs(readQuery(FindQuery, request.url))
        const caller = callerOf(request, set)
        const find = () => tasks.find(caller, params.task_id, waitMs)
        const task = await (waitMs > 0 ? idleLimit.during({ request, server }, find) : find())
        return taskReply(task, set)
      },
      { detail: documented.find },
    )
    .post(
      `${BASE}/tasks/:task_id/cancel`,
      async ({ params, request, set }) => {
        const task = await tasks.cancel(callerOf(request, set), params.task_id)
        return taskReply(task, set)
      },
      { ...UNPARSED, detail: documented.cancel },
    )
}

function taskReply(task: Task, set: ResponseSettings): string {
  set.task = task
  set.headers['content-type'] = JSON_TYPE
  return taskView(task)
}
