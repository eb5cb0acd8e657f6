/** The question before a work on many tasks, its progress, and its end. */
import { useEffect, useRef } from 'preact/hooks'
import { useApp } from '../state/app.ts'
import { link } from '../state/router.ts'
import { count, plural } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { ErrorBox } from '../ui/states.tsx'
import { visible } from '../ui/visible.ts'
import type { BulkAction, BulkProgress } from './bulk.ts'
import type { BulkState } from './bulk-work.ts'

type Asked = Extract<BulkState, { kind: 'asked' }>
type Work = Extract<BulkState, { kind: 'running' | 'ended' }>

const VERBS: Record<BulkAction, readonly [now: string, going: string, done: string]> = {
  cancel: ['Cancel', 'Cancelling', 'cancelled'],
  replay: ['Replay', 'Replaying', 'replayed'],
}

export function BulkPanel() {
  const state = useApp().bulk.state.value
  if (state.kind === 'none') return null
  return (
    <section class="panel bulk" aria-label="Work on all that match">
      {state.kind === 'asked' ? <Question asked={state} /> : <Progress work={state} />}
    </section>
  )
}

/** In the other views, where the work goes on, too. */
export function BulkStrip() {
  const { bulk, router } = useApp()
  const state = bulk.state.value
  const isInPanel = router.location.value.path.join('/') === 'tasks'
  if (state.kind !== 'running' || isInPanel) return null
  const [, going] = VERBS[state.action]
  const looked = state.progress.done + state.progress.failed
  return (
    <div class="strip calm">
      <p>
        {going} {state.words}: {count(looked)} of {count(Math.max(state.count, looked))}
      </p>
      <a class="button small" href={link(['tasks'])}>
        Look at it
      </a>
    </div>
  )
}

function Question({ asked }: { asked: Asked }) {
  const { bulk } = useApp()
  const { action, words, count: matches, error } = asked
  const [verb] = VERBS[action]
  const close = useRef<HTMLButtonElement>(null)
  useEffect(() => close.current?.focus(), [])
  return (
    <>
      {error ? <ErrorBox error={error} title="They could not be counted" /> : null}
      <p role="status">
        {matches === null ? (
          error ? null : (
            'Counting…'
          )
        ) : (
          <>
            <strong>
              {verb} {plural(matches, 'task')}?
            </strong>{' '}
            That is <em>{visible(words)}</em>, as of now.
            {action === 'replay' ? ' Each is submitted again, as a new asynchronous task.' : ''}
          </>
        )}
      </p>
      <div class="bulk-tools">
        <button ref={close} type="button" class="button" onClick={() => bulk.close()}>
          No
        </button>
        {matches ? (
          <button
            type="button"
            class={action === 'cancel' ? 'button danger' : 'button primary'}
            onClick={() => void bulk.start()}
          >
            {verb} {plural(matches, 'task')}
          </button>
        ) : null}
      </div>
    </>
  )
}

function Progress({ work }: { work: Work }) {
  const { bulk } = useApp()
  const { action, words, count: matches, progress, kind, error } = work
  const [, going] = VERBS[action]
  const looked = progress.done + progress.failed
  return (
    <>
      <p>
        <strong>{kind === 'running' ? `${going} ${visible(words)}` : endWords(work)}</strong>
      </p>
      <progress max={Math.max(matches, looked, 1)} value={looked} aria-label={going} />
      <p class="quiet" role="status">
        {count(looked)} of {count(Math.max(matches, looked))}
        {progress.failed > 0 ? `, ${count(progress.failed)} failed` : ''}
      </p>
      <Reasons progress={progress} />
      {error ? <ErrorBox error={error} title="It could not go on" /> : null}
      <div class="bulk-tools">
        {kind === 'running' ? (
          <button type="button" class="button" onClick={() => bulk.stop()}>
            <Icon name="stop" />
            {work.isStopped ? 'Stopping…' : 'Stop'}
          </button>
        ) : (
          <button type="button" class="button" onClick={() => bulk.close()}>
            Close
          </button>
        )}
      </div>
    </>
  )
}

function endWords({ action, words, progress, isStopped }: Work): string {
  const [, , done] = VERBS[action]
  const sum = `${plural(progress.done, 'task')} ${done} (${visible(words)})`
  return isStopped ? `Stopped: ${sum}` : sum
}

function Reasons({ progress }: { progress: BulkProgress }) {
  if (progress.failed === 0) return null
  return (
    <ul class="bulk-reasons">
      {[...progress.reasons].map(([reason, times]) => (
        <li key={reason}>
          <Icon name="warning" /> {count(times)} × <bdi>{visible(reason)}</bdi>
        </li>
      ))}
    </ul>
  )
}
