/** A form that knows the droplets, and keeps what was typed. */
import { useApp } from '../state/app.ts'
import { link } from '../state/router.ts'
import { Empty, Loading } from '../ui/states.tsx'
import { Answer } from './answer.tsx'
import { MainFields } from './main-fields.tsx'
import { MoreFields } from './more-fields.tsx'

export function SubmitView() {
  const { session, submitForm, overview } = useApp()
  // A token that may only write is told nothing of itself.
  if (session.access.value === null && overview.error.value === null) return <Loading />
  if (session.access.value !== null && !session.mayWrite.value) return <MayNot />
  const source = submitForm.source.value
  return (
    <>
      <div class="page-head">
        <h1>Submit a task</h1>
        {source === null ? null : (
          <p class="quiet">
            Filled in from <a href={link(['tasks', source])}>a task</a>
          </p>
        )}
      </div>
      <div class="submit">
        <SubmitPanel />
        <Answer />
      </div>
    </>
  )
}

function SubmitPanel() {
  const { submitForm } = useApp()
  const isWaiting = submitForm.state.value.kind === 'waiting'
  const whole = submitForm.errors.value['']
  const submit = (event: Event) => {
    event.preventDefault()
    void submitForm.submit()
  }
  const sendByKey = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit(event)
  }
  return (
    <form class="panel submit-form" noValidate onSubmit={submit} onKeyDown={sendByKey}>
      <MainFields />
      <MoreFields />
      {whole ? (
        <p class="complaint" role="alert">
          {whole}
        </p>
      ) : null}
      <div class="submit-tools">
        <button type="submit" class="button primary" disabled={isWaiting}>
          {isWaiting ? 'Submitted' : 'Submit'}
        </button>
        <span class="quiet small">
          <kbd>Ctrl</kbd> <kbd>Enter</kbd>
        </span>
      </div>
    </form>
  )
}

function MayNot() {
  return (
    <Empty title="Your token may read only">
      <p class="quiet">
        To submit tasks it needs the scope <code>tasks:write</code>.
      </p>
      <a class="button" href={link(['tasks'])}>
        To the tasks
      </a>
    </Empty>
  )
}
