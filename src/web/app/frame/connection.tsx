/** Whether what is shown is what is. */
import { useApp } from '../state/app.ts'
import { ApiError } from '../../../client/api-error.ts'
import type { Connection } from '../state/live.ts'
import { explain } from '../ui/explain.ts'
import { clockTime } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'

const WORDS: Record<Connection['kind'], string> = {
  connecting: 'Connecting',
  live: 'Live',
  paused: 'Paused',
  lost: 'Disconnected',
}

export function ConnectionSign() {
  const { kind } = useApp().live.connection.value
  return (
    <span class={`connection ${kind}`} role="status" title={WORDS[kind]}>
      <Icon name={kind === 'live' ? 'dot' : kind === 'lost' ? 'cross' : 'ring'} />
      <span>{WORDS[kind]}</span>
    </span>
  )
}

export function ConnectionStrip() {
  const { live, clock } = useApp()
  const connection = live.connection.value
  if (connection.kind !== 'lost') return null
  const seconds = Math.max(0, Math.ceil((connection.at - clock.value) / 1000))
  return (
    <div class="strip">
      <Icon name="warning" />
      <p>
        <strong role="alert">{reasonOf(connection.error)}</strong> What is shown is of{' '}
        {clockTime(connection.since / 1000)}.{' '}
        {seconds > 0 ? `Trying again in ${seconds} s.` : 'Trying again.'}
      </p>
      <button type="button" class="button small" onClick={() => live.retry()}>
        Try now
      </button>
    </div>
  )
}

/** It is there and says no, or it is not there. */
function reasonOf(error: unknown): string {
  return error instanceof ApiError
    ? `The service sends no events: ${explain(error).message}`
    : 'The connection to the service is lost.'
}
