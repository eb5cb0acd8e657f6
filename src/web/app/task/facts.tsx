import type { ComponentChildren } from 'preact'
import type { Task } from '../../../client/types.ts'
import { link } from '../state/router.ts'
import { CopyButton } from '../ui/copy.tsx'
import { absoluteTime, duration, NONE, plural } from '../ui/format.ts'
import { Duration, Time } from '../ui/time.tsx'
import { answerWords } from '../tasks/target.ts'
import { visible } from '../ui/visible.ts'

export function Facts({ task }: { task: Task }) {
  const { id, request_id, trace_id, droplet_name, replay_of, created_at, completed_at } = task
  return (
    <dl class="facts panel">
      <Fact name="Droplet">
        <a href={link(['tasks'], { droplet_name })}>
          <bdi>{visible(droplet_name)}</bdi>
        </a>
      </Fact>
      <Fact name="Answer">{answerWords(task.response_status)}</Fact>
      <Fact name="Took">
        <Duration ms={task.duration_ms} since={created_at} />
      </Fact>
      <Fact name="Accepted">
        <Time at={created_at} /> <span class="quiet small">{absoluteTime(created_at)}</span>
      </Fact>
      <Fact name="Ended">
        <Time at={completed_at} />
      </Fact>
      <Fact name="Mode">{task.mode === 'sync' ? 'synchronous' : 'asynchronous'}</Fact>
      <Fact name="Limits">
        {duration(task.timeout_ms)} an attempt, {plural(task.max_retries, 'retry', 'retries')}
        {task.deadline_ms === null ? '' : `, ${duration(task.deadline_ms)} in all`}
      </Fact>
      <Fact name="Target">
        <Value text={task.target_url} label="Copy the target" />
      </Fact>
      <Fact name="Task">
        <Value text={id} label="Copy the id" />
      </Fact>
      <Fact name="Request">
        <Value text={request_id} label="Copy the request id">
          <a href={link(['tasks'], { request_id })}>{request_id}</a>
        </Value>
      </Fact>
      {trace_id ? (
        <Fact name="Trace">
          <Value text={trace_id} label="Copy the trace id" />
        </Fact>
      ) : null}
      <Fact name="Replays">
        {replay_of === null ? null : (
          <>
            of <a href={link(['tasks', replay_of])}>another task</a>
            {' · '}
          </>
        )}
        <a href={link(['tasks'], { replay_of: id })}>of this one</a>
      </Fact>
    </dl>
  )
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

interface ValueProps {
  text: string
  label: string
  /** In place of the text. */
  children?: ComponentChildren
}

function Value({ text, label, children }: ValueProps) {
  return (
    <span class="value">
      <span class="mono any" title={text}>
        {children ?? <bdi>{visible(text) || NONE}</bdi>}
      </span>
      <CopyButton text={text} label={label} />
    </span>
  )
}
