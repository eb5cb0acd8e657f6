/** Looking at tasks, and cancelling them. */
import { Elysia } from 'elysia'
import type { Engine } from '../engine.ts'
import { invalidRequest } from '../errors.ts'
import type { Task } from '../task.ts'
import { BASE, JSON_TYPE, UNPARSED, type ResponseSettings } from './base.ts'
import * as documented from './docs/task-operations.ts'
import { FindQuery, ListQuery, readQuery, toTaskQuery, toWaitMs } from './query.ts'
import type { RoutePorts } from './route-ports.ts'
import { pageView, taskView } from './task-views.ts'

export function taskRoutes({ tasks }: Pick<Engine, 'tasks'>, { admission, idleLimit }: RoutePorts) {
  return new Elysia({ name: 'tasks' })
    .get(
      `${BASE}/tasks`,
      async ({ request, set }) => {
        const query = toTaskQuery(readQuery(ListQuery, request.url))
        const page = await tasks.list(admission.callerOf(set), query)
        if (!page) {
          throw invalidRequest({ path: '?cursor', message: 'is not a next_cursor of this list' })
        }
        set.headers['content-type'] = JSON_TYPE
        return pageView(page, query.limit)
      },
      admission.route(documented.list),
    )
    .get(
      `${BASE}/tasks/:task_id`,
      async ({ params, request, set, server }) => {
        const waitMs = toWaitMs(readQuery(FindQuery, request.url))
        const caller = admission.callerOf(set)
        const find = () => tasks.find(caller, params.task_id, waitMs)
        const task = await (waitMs > 0 ? idleLimit.during({ request, server }, find) : find())
        return taskReply(task, set)
      },
      admission.route(documented.find),
    )
    .post(
      `${BASE}/tasks/:task_id/cancel`,
      async ({ params, set }) => {
        const task = await tasks.cancel(admission.callerOf(set), params.task_id)
        return taskReply(task, set)
      },
      { ...UNPARSED, ...admission.route(documented.cancel) },
    )
}

function taskReply(task: Task, set: ResponseSettings): string {
  set.task = task
  set.headers['content-type'] = JSON_TYPE
  return taskView(task)
}
