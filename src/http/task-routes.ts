/** Submitting tasks and looking at them. */
import { Elysia } from 'elysia'
import { invalidRequest } from '../errors.ts'
import type { Caller, Submission } from '../tasks/task-service.ts'
import { toRequest } from './submission.ts'
import { isFinished, SubmitBody } from '../task.ts'
import { TypeCompiler } from 'typebox/compiler'
import { BASE, JSON_TYPE, type Api } from './api.ts'
import { readJson } from './json-body.ts'
import * as documented from './docs/task-operations.ts'
import { preferenceApplied, readPrefer, type Preferences } from './prefer.ts'
import { checked } from './validation.ts'
import { FindQuery, ListQuery, readQuery } from './query.ts'
import { acceptedView, outcomeView, pageView, taskLocation, taskView } from './task-views.ts'

/** What an Elysia handler may set on its response. */
interface Reply {
  status?: number | string
  headers: Record<string, string | number>
}

const submitBody = TypeCompiler.Compile(SubmitBody)

// Visible ASCII, as the IETF draft's string may hold.
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/

export function taskRoutes({ config, tasks }: Api) {
  return new Elysia({ name: 'tasks', normalize: false })
    .post(
      `${BASE}/tasks`,
      async ({ request, set, server }) => {
        const body = checked(submitBody, await readJson(request, config.maxBodyBytes))
        // A task can take minutes; an idle connection can't.
        server?.timeout(request, 0)
        const { caller, prefer } = callerOf(request, set)
        const submission = await tasks.submit(toRequest(body, config.task), caller)
        return reply(submission, prefer, set)
      },
      { parse: 'none', detail: documented.submit },
    )
    .get(
      `${BASE}/tasks`,
      async ({ request, set }) => {
        const { status, droplet_name, limit = 100, cursor } = readQuery(ListQuery, request.url)
        set.headers['content-type'] = JSON_TYPE
        const page = await tasks.list({
          limit,
          ...(status ? { status } : {}),
          ...(droplet_name ? { dropletName: droplet_name } : {}),
          ...(cursor ? { cursor } : {}),
        })
        return pageView(page, limit)
      },
      { detail: documented.list },
    )
    .get(
      `${BASE}/tasks/:task_id`,
      async ({ params, request, set, server }) => {
        const { wait = 0 } = readQuery(FindQuery, request.url)
        if (wait > 0) server?.timeout(request, 0)
        const task = await tasks.find(params.task_id, wait * 1000)
        set.headers['content-type'] = JSON_TYPE
        return taskView(task)
      },
      { detail: documented.find },
    )
    .post(
      `${BASE}/tasks/:task_id/cancel`,
      async ({ params, set }) => {
        const task = await tasks.cancel(params.task_id)
        set.headers['content-type'] = JSON_TYPE
        return taskView(task)
      },
      { parse: 'none', detail: documented.cancel },
    )
    .post(
      `${BASE}/tasks/:task_id/replay`,
      async ({ params, request, set, server }) => {
        server?.timeout(request, 0)
        const { caller, prefer } = callerOf(request, set)
        return reply(await tasks.replay(params.task_id, caller), prefer, set)
      },
      { parse: 'none', detail: documented.replay },
    )
}

function callerOf(request: Request, set: Reply): { caller: Caller; prefer: Preferences } {
  const prefer = readPrefer(request.headers.get('prefer'))
  const key = request.headers.get('idempotency-key')
  if (key !== null && !IDEMPOTENCY_KEY.test(key)) {
    throw invalidRequest({
      path: 'Idempotency-Key',
      message: 'must be 1 to 255 visible characters',
    })
  }
  const caller: Caller = {
    requestId: String(set.headers['x-request-id']),
    mode: prefer.respondAsync || prefer.waitSeconds !== null ? 'async' : 'sync',
    waitMs: (prefer.waitSeconds ?? 0) * 1000,
    idempotencyKey: key,
  }
  return { caller, prefer }
}

/** 200 with the outcome, or 202 for a task that goes on without its caller. */
function reply({ task, replayed }: Submission, prefer: Preferences, set: Reply): string {
  set.headers['content-type'] = JSON_TYPE
  if (replayed) set.headers['idempotency-replayed'] = 'true'
  const ended = isFinished(task)
  // What ended at once was not answered asynchronously.
  const applied = preferenceApplied(ended ? { ...prefer, respondAsync: false } : prefer)
  if (applied !== null && !replayed) set.headers['preference-applied'] = applied
  if (ended) return outcomeView(task)
  set.status = 202
  set.headers['location'] = taskLocation(task.id)
  return acceptedView(task)
}
