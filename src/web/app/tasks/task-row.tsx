/** A task in the list: a link as a whole. All of it is text. */
import type { TaskItem } from '../../../client/types.ts'
import { link } from '../state/router.ts'
import { StatusBadge } from '../ui/badge.tsx'
import { NONE, plural } from '../ui/format.ts'
import { Duration, Time } from '../ui/time.tsx'
import { visible } from '../ui/visible.ts'
import { answerWords, faultOf, pathOf } from './target.ts'

interface TaskRowProps {
  task: TaskItem
  /** It belongs in the list no more; it stays where it is until the list is read anew. */
  isPast: boolean
}

export function TaskRow({ task, isPast }: TaskRowProps) {
  const { id, status, droplet_name, method, target_url, response_status } = task
  const { retry_count, duration_ms, created_at } = task
  // The state says it already.
  const fault = status === 'cancelled' ? null : faultOf(task.error_message, response_status)
  const since = status === 'running' ? created_at : null
  return (
    <a
      class={isPast ? 'task-row past' : 'task-row'}
      href={link(['tasks', id])}
      data-row
      data-task={id}
    >
      <StatusBadge status={status} />
      <span class="task-droplet cut" title={droplet_name}>
        <bdi>{visible(droplet_name)}</bdi>
      </span>
      <span class="task-request cut" title={`${method} ${target_url}`}>
        <b class="method">{method}</b> <bdi class="mono">{visible(pathOf(target_url))}</bdi>
        {fault === null ? null : (
          <span class="task-error" title={fault}>
            {' '}
            <bdi>{visible(fault)}</bdi>
          </span>
        )}
      </span>
      <span class="task-answer number" title={answerWords(response_status)}>
        {response_status ?? NONE}
      </span>
      <span class="task-tries number" title={plural(retry_count, 'retry', 'retries')}>
        {retry_count > 0 ? `↻ ${retry_count}` : ''}
      </span>
      <span class="task-took number">
        <Duration ms={duration_ms} since={since} />
      </span>
      <span class="task-age number">
        <Time at={created_at} />
      </span>
    </a>
  )
}
