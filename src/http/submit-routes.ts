/** Submitting tasks, for the first time and again. */
import { Elysia } from 'elysia'
import { TypeCompiler } from 'typebox/compiler'
import type { Engine } from '../engine.ts'
import { isFinished } from '../task.ts'
import type { Submitted } from '../tasks/submit.ts'
import { BASE, JSON_TYPE, taskLocation, UNPARSED, type ResponseSettings } from './base.ts'
import * as documented from './docs/task-operations.ts'
import { readJson, readOptionalJson } from './json-body.ts'
import { preferenceApplied, readPrefer, type Preferences } from './prefer.ts'
import type { RoutePorts } from './route-ports.ts'
import { ReplayBody, SubmitBody } from './submit-body.ts'
import { submitOptions } from './submit-headers.ts'
import { toReplayHeaders, toSubmission } from './task-request.ts'
import { acceptedView, outcomeView } from './task-views.ts'
import { checked } from './validation.ts'

const submitBody = TypeCompiler.Compile(SubmitBody)
const replayBody = TypeCompiler.Compile(ReplayBody)

export function submitRoutes(
  { tasks }: Pick<Engine, 'tasks'>,
  { admission, idleLimit, bodies }: RoutePorts,
) {
  return new Elysia({ name: 'submit' })
    .post(
      `${BASE}/tasks`,
      async ({ request, set, server }) => {
        using json = await readJson(request, bodies)
        const body = checked(submitBody, json.value)
        const prefer = readPrefer(request.headers.get('prefer'))
        const options = submitOptions(request.headers, prefer)
        const asked = toSubmission(body, json, options.mode)
        const caller = admission.callerOf(set)
        const submit = () => tasks.submit(caller, asked, options)
        return reply(await idleLimit.during({ request, server }, submit), prefer, set)
      },
      { ...UNPARSED, ...admission.route(documented.submit) },
    )
    .post(
      `${BASE}/tasks/:task_id/replay`,
      async ({ params, request, set, server }) => {
        using json = await readOptionalJson(request, bodies)
        const headers = json ? toReplayHeaders(checked(replayBody, json.value), json) : {}
        const prefer = readPrefer(request.headers.get('prefer'))
        const options = submitOptions(request.headers, prefer)
        const caller = admission.callerOf(set)
        const replay = () => tasks.replay(caller, params.task_id, options, headers)
        return reply(await idleLimit.during({ request, server }, replay), prefer, set)
      },
      { ...UNPARSED, ...admission.route(documented.replay) },
    )
}

/** 200 with the outcome, or 202 for a task that goes on without its caller. */
function reply({ task, replayed }: Submitted, prefer: Preferences, set: ResponseSettings): string {
  set.task = task
  set.headers['content-type'] = JSON_TYPE
  if (replayed) set.headers['idempotency-replayed'] = 'true'
  const ended = isFinished(task)
  // What ended at once was not answered asynchronously.
  const kept = ended && prefer.respondAsync ? { ...prefer, respondAsync: false } : prefer
  const applied = preferenceApplied(kept)
  if (applied !== null && !replayed) set.headers['preference-applied'] = applied
  if (ended) return outcomeView(task)
  set.status = 202
  set.headers['location'] = taskLocation(task.id)
  return acceptedView(task)
}
