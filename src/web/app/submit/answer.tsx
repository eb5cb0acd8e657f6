/** What became of the submission: nothing yet, its progress, its answer, or why there is none. */
import { useApp } from '../state/app.ts'
import { link } from '../state/router.ts'
import { TimeLine } from '../task/time-line.tsx'
import { useTicking } from '../task/ticking.ts'
import { answerWords } from '../tasks/target.ts'
import { StatusBadge } from '../ui/badge.tsx'
import { duration, plural } from '../ui/format.ts'
import { Json } from '../ui/json.tsx'
import { ErrorBox } from '../ui/states.tsx'
import type { SubmitState } from './submit-form.ts'

type Waiting = Extract<SubmitState, { kind: 'waiting' }>
type Answered = Extract<SubmitState, { kind: 'answered' }>

export function Answer() {
  const state = useApp().submitForm.state.value
  return (
    <section class="panel submit-answer" aria-label="What became of it" aria-live="polite">
      <Content state={state} />
    </section>
  )
}

function Content({ state }: { state: SubmitState }) {
  switch (state.kind) {
    case 'typing':
      return <p class="quiet">The answer appears here.</p>
    case 'waiting':
      return <Progress state={state} />
    case 'answered':
      return <Answered state={state} />
    case 'accepted':
      return (
        <>
          <h2>Accepted</h2>
          <p class="quiet">It runs without you.</p>
          <TaskLink id={state.accepted.task_id} />
        </>
      )
    case 'failed':
      return (
        <>
          <ErrorBox error={state.error} />
          {state.taskId === null ? null : <TaskLink id={state.taskId} />}
        </>
      )
  }
}

function TaskLink({ id }: { id: string }) {
  return (
    <p>
      <a class="button" href={link(['tasks', id])}>
        Look at the task
      </a>
    </p>
  )
}

function Progress({ state: { since, task } }: { state: Waiting }) {
  useTicking(true)
  return (
    <>
      <h2>
        Waiting for the answer:{' '}
        <span class="number" aria-live="off">
          {duration(Date.now() - since)}
        </span>
      </h2>
      {task ? (
        <>
          <p class="submit-status">
            <StatusBadge status={task.status} />
            {task.attempts.length === 0 ? ' no attempt so far' : null}
          </p>
          <div aria-live="off">
            <TimeLine task={task} />
          </div>
          <TaskLink id={task.id} />
        </>
      ) : (
        <p class="quiet">It goes on, too, when you look at something else.</p>
      )}
    </>
  )
}

function Answered({ state: { outcome, body } }: { state: Answered }) {
  const { status, response_status, retry_count, duration_ms, task_id } = outcome
  return (
    <>
      <h2 class="submit-status">
        <StatusBadge status={status} /> {answerWords(response_status)}
      </h2>
      <p class="quiet">
        {duration(duration_ms)}
        {retry_count > 0 ? `, ${plural(retry_count, 'retry', 'retries')}` : ''}
      </p>
      {body === null ? (
        <p class="quiet">It had no body.</p>
      ) : (
        <Json text={body} fileName={`${task_id}-answer.json`} />
      )}
      <TaskLink id={task_id} />
    </>
  )
}
