/** The attempts and the waits between them, drawn to scale. */
import type { Task } from '../../../client/types.ts'
import { useApp } from '../state/app.ts'
import { absoluteTime, duration, NONE } from '../ui/format.ts'
import { answerWords, faultOf } from '../tasks/target.ts'
import { timeLineOf, type Attempt, type Bar, type Line, type Tick } from './time-line.ts'
import { useTicking } from './ticking.ts'
import { visible } from '../ui/visible.ts'

export function TimeLine({ task }: { task: Task }) {
  const { serverTime } = useApp()
  const isOver = task.completed_at !== null
  useTicking(!isOver)
  const { lines, ticks, nowLeft, totalMs } = timeLineOf(task, serverTime())
  if (lines.length === 0) return null
  return (
    <section class="panel time-line" aria-labelledby="time-line-title">
      <h2 id="time-line-title">
        {words(task.attempts.length)} in {duration(totalMs)}
      </h2>
      <ol>
        {lines.map((line, i) => (
          <LineRow key={i} line={line} nowLeft={isOver ? null : nowLeft} isDue={task.due_at} />
        ))}
      </ol>
      <Scale ticks={ticks} />
    </section>
  )
}

const words = (attempts: number) =>
  attempts === 0 ? 'No attempt' : attempts === 1 ? 'One attempt' : `${attempts} attempts`

interface LineRowProps {
  line: Line
  nowLeft: number | null
  isDue: number | null
}

function LineRow({ line: { attempt, wait, bar, isRunning }, nowLeft, isDue }: LineRowProps) {
  return (
    <li class="time-line-row">
      <span class="time-line-name">{attempt ? `Attempt ${attempt.attempt}` : 'Wait'}</span>
      <span class="time-line-track">
        {wait ? <WaitBar wait={wait} /> : null}
        {bar && attempt ? (
          <span
            class={`time-line-bar ${isRunning ? 'running' : toneOf(attempt)}`}
            style={placeOf(bar)}
            title={`${absoluteTime(attempt.started_at)}, ${duration(bar.ms)}`}
          />
        ) : null}
        {nowLeft === null ? null : <span class="time-line-now" style={{ left: `${nowLeft}%` }} />}
      </span>
      <span class="time-line-words">
        {wait ? (
          <span class="quiet">
            {attempt ? `after a wait of ${duration(wait.ms)}: ` : waitWords(wait, isDue)}
          </span>
        ) : null}
        {attempt ? <Outcome attempt={attempt} isRunning={isRunning} ms={bar?.ms ?? 0} /> : null}
      </span>
    </li>
  )
}

function waitWords(wait: Bar, due: number | null): string {
  const text = duration(wait.ms)
  return due === null ? `waited ${text}` : `${text} until the next attempt may start`
}

function WaitBar({ wait }: { wait: Bar }) {
  return (
    <span class="time-line-wait" style={placeOf(wait)} title={`A wait of ${duration(wait.ms)}`} />
  )
}

function Outcome({ attempt, isRunning, ms }: { attempt: Attempt; isRunning: boolean; ms: number }) {
  const { duration_ms, response_status } = attempt
  const fault = faultOf(attempt.error, response_status)
  const took = isRunning ? duration(ms) : duration_ms === null ? NONE : duration(duration_ms)
  const words = isRunning ? 'under way' : response_status ? answerWords(response_status) : null
  return (
    <>
      <span class="number">{took}</span> {words ? <b>{words}</b> : null}{' '}
      {fault === null ? null : (
        <span class="task-error">
          <bdi>{visible(fault)}</bdi>
        </span>
      )}
    </>
  )
}

function toneOf({ response_status, error, duration_ms }: Attempt): string {
  if (duration_ms === null) return 'calm'
  if (response_status === null || error !== null) return 'bad'
  return response_status < 300 ? 'good' : 'bad'
}

/** Never so thin that it can't be seen. */
function placeOf({ left, width }: Bar) {
  return { left: `min(${left}%, calc(100% - 3px))`, width: `max(${width}%, 3px)` }
}

function Scale({ ticks }: { ticks: readonly Tick[] }) {
  return (
    <div class="time-line-row" aria-hidden="true">
      <span />
      <span class="time-line-scale">
        {ticks.map(({ left, ms }) => (
          <span key={ms} class="number" style={{ left: `${left}%` }}>
            {ms === 0 ? '0' : duration(ms)}
          </span>
        ))}
      </span>
      <span />
    </div>
  )
}
