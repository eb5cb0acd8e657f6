/** One task, whole, on a terminal. */
import type { Task } from '../../client/types.ts'
import { systemClock } from '../../platform/clock.ts'
import { visible } from '../../platform/log-text.ts'
import { hasColour, type CommandIo } from '../command.ts'
import { paint, stateColour } from '../terminal/colours.ts'
import { table, type Column } from '../terminal/table.ts'
import { durationText, timeText } from '../terminal/texts.ts'
import { bodyText, rawMember } from './body-text.ts'

/** `text`: the task as the API has it. */
export function taskDetails(text: string, io: CommandIo): string {
  const task = JSON.parse(text) as Task
  const now = systemClock.now()
  const colour = hasColour(io)
  const parts = [
    facts(task, now, colour),
    attempts(task, now, { width: io.columns(), colour }),
    part('Headers', headersText(task), colour),
    part('Notes (meta)', bodyText(rawMember(text, 'meta')), colour),
    part('Payload', bodyText(rawMember(text, 'payload')), colour),
    part('Answer', bodyText(rawMember(text, 'response_body')), colour),
  ]
  return parts.filter((each) => each !== '').join('\n')
}

function facts(task: Task, now: number, colour: boolean): string {
  const status = colour ? paint(task.status, stateColour(task.status)) : task.status
  const rows: [string, string | null][] = [
    ['task', visible(task.id)],
    ['status', status],
    ['error', task.error_message && visible(task.error_message)],
    ['droplet', visible(task.droplet_name)],
    ['request', visible(`${task.method} ${task.target_url}`)],
    ['answered', task.response_status === null ? null : String(task.response_status)],
    ['mode', task.mode],
    ['created', timeText(task.created_at, now)],
    ['due', task.due_at === null ? null : timeText(task.due_at, now)],
    ['ended', timeText(task.completed_at, now)],
    ['took', durationText(task.duration_ms)],
    ['limits', limits(task)],
    ['replay of', task.replay_of],
    ['request id', visible(task.request_id)],
    ['trace id', visible(task.trace_id)],
  ]
  const given = rows.filter(([, value]) => value !== null && value !== '')
  return given.map(([name, value]) => `${name.padEnd(12)}${value}\n`).join('')
}

function limits({ timeout_ms, deadline_ms, max_retries }: Task): string {
  const deadline = deadline_ms === null ? '' : `, ${durationText(deadline_ms)} in all`
  return `${durationText(timeout_ms)} an attempt${deadline}, ${max_retries} retries at most`
}

type Attempt = Task['attempts'][number]

function attempts(task: Task, now: number, options: { width: number; colour: boolean }): string {
  if (task.attempts.length === 0) return ''
  const columns: Column<Attempt>[] = [
    { heading: '#', text: ({ attempt }) => String(attempt), align: 'right' },
    { heading: 'STARTED', text: ({ started_at }) => timeText(started_at, now) },
    { heading: 'TOOK', text: ({ duration_ms }) => durationText(duration_ms), align: 'right' },
    {
      heading: 'HTTP',
      text: ({ response_status }) => String(response_status ?? ''),
    },
    {
      heading: 'ERROR',
      text: ({ error }) => error ?? '',
      colour: () => 'red',
      min: 16,
    },
  ]
  return `${heading('Attempts', options.colour)}${table(columns, task.attempts, options)}`
}

function headersText({ headers }: Task): string {
  return Object.entries(headers)
    .map(([name, value]) => `${visible(`${name}: ${value}`)}\n`)
    .join('')
}

const part = (name: string, text: string, colour: boolean) =>
  text === '' ? '' : `${heading(name, colour)}${text}`

const heading = (name: string, colour: boolean) => `${colour ? paint(name, 'bold') : name}\n`
