/** A question before something is done, and what came of it when it failed. */
import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { ErrorBox } from '../ui/states.tsx'

interface AskDialogProps {
  title: string
  /** On the button that does it. */
  verb: string
  tone: 'primary' | 'danger'
  /** Rejects with what it could not do; the dialog then stays. */
  act: () => Promise<unknown>
  close: () => void
  children: ComponentChildren
}

export function AskDialog({ title, verb, tone, act, close, children }: AskDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  // Before the next key is pressed.
  useLayoutEffect(() => dialog.current?.showModal(), [])
  const submit = (event: Event) => {
    event.preventDefault()
    if (isBusy) return
    setBusy(true)
    // Closed, not only taken away: then the focus goes back to where it was.
    const done = () => (dialog.current ? dialog.current.close() : close())
    act().then(done, (reason: unknown) => {
      setError(reason)
      setBusy(false)
    })
  }
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="ask-title" onClose={close}>
      <form class="ask" onSubmit={submit}>
        <h2 id="ask-title">{title}</h2>
        {children}
        {error ? <ErrorBox error={error} /> : null}
        <div class="ask-tools">
          <button type="button" class="button" onClick={() => dialog.current?.close()}>
            No
          </button>
          <button type="submit" class={`button ${tone}`} disabled={isBusy}>
            {verb}
          </button>
        </div>
      </form>
    </dialog>
  )
}
