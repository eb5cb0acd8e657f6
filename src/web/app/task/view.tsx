/** One task: what was asked, what happened when, and what came of it. */
import { useMemo } from 'preact/hooks'
import { ApiError } from '../../../client/api-error.ts'
import type { LiveEvent } from '../../../client/types.ts'
import type { ViewProps } from '../frame/views.tsx'
import { useApp, useLive } from '../state/app.ts'
import { link } from '../state/router.ts'
import { faultOf } from '../tasks/target.ts'
import { StatusBadge } from '../ui/badge.tsx'
import { Empty, ErrorBox, Loading } from '../ui/states.tsx'
import { Icon } from '../ui/icon.tsx'
import { visible } from '../ui/visible.ts'
import { Actions } from './actions.tsx'
import { Bodies } from './bodies.tsx'
import { Facts } from './facts.tsx'
import type { RawTask } from './submission.ts'
import { TaskStore } from './task-store.ts'
import { TimeLine } from './time-line.tsx'

export function TaskView({ id }: ViewProps) {
  const { session } = useApp()
  const client = session.client.value
  const store = useMemo(() => new TaskStore(client, id), [client, id])
  useLive(`task ${id}`, {
    kinds: ['task'],
    tasks: { task_id: id },
    read: () => void store.read(),
    // Another view may have widened what the stream tells of.
    event: (event: LiveEvent) => {
      if (event.type === 'task' && event.data.task.id === id) void store.read()
    },
  })
  const task = store.task.value
  const error = store.error.value
  if (task) return <Shown raw={task} error={error} retry={() => void store.read()} />
  if (!error) return <Loading />
  if (isNotFound(error)) return <NotFound id={id} />
  return <ErrorBox error={error} title="The task could not be read" retry={() => store.read()} />
}

const isNotFound = (error: unknown) => error instanceof ApiError && error.status === 404

function Shown({ raw, error, retry }: { raw: RawTask; error: unknown; retry: () => void }) {
  const { task } = raw
  const fault = faultOf(task.error_message, task.response_status)
  return (
    <div class="task">
      {error ? <Stale error={error} retry={retry} /> : null}
      <div class="page-head">
        <a class="back" href={link(['tasks'])} aria-label="Back to the tasks" title="Tasks (g t)">
          <Icon name="arrow" />
        </a>
        <h1 class="task-title">
          <span class="method">{task.method}</span> <bdi class="mono">{visible(task.path)}</bdi>
        </h1>
        <StatusBadge status={task.status} />
        <Actions raw={raw} />
      </div>
      {fault === null ? null : (
        <p class="task-fault">
          <Icon name="warning" />
          <bdi>{visible(fault)}</bdi>
        </p>
      )}
      <TimeLine task={task} />
      <Facts task={task} />
      <Bodies raw={raw} />
    </div>
  )
}

/** It was there, and is no more; or it cannot be read just now. */
function Stale({ error, retry }: { error: unknown; retry: () => void }) {
  if (!isNotFound(error)) {
    return <ErrorBox error={error} title="This is how it was when it was last read" retry={retry} />
  }
  return (
    <p class="task-gone" role="status">
      <Icon name="clock" />
      The history holds this task no more: newer ones took its place. This is how it was last.
    </p>
  )
}

function NotFound({ id }: { id: string }) {
  return (
    <Empty title="There is no such task">
      <p class="quiet">
        The history has no task <code class="any">{visible(id)}</code>. It keeps a limited number of
        ended tasks (<code>TASK_MAX_HISTORY</code>, <code>TASK_HISTORY_TTL</code>): an old one may
        have made room. Or your token may not see its droplet.
      </p>
      <a class="button" href={link(['tasks'])}>
        To the tasks
      </a>
    </Empty>
  )
}
