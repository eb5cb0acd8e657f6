/** What can be done with the task; what writes only for those who may. */
import { useState } from 'preact/hooks'
import { useApp, useKeys } from '../state/app.ts'
import { link } from '../state/router.ts'
import { formOf } from '../submit/from-task.ts'
import { isUnfinished } from '../tasks/rows.ts'
import { CopyButton } from '../ui/copy.tsx'
import { CancelDialog } from './cancel-dialog.tsx'
import { curlOf } from './curl.ts'
import { ReplayDialog } from './replay-dialog.tsx'
import { bodyOf, type RawTask } from './submission.ts'

export function Actions({ raw }: { raw: RawTask }) {
  const { session } = useApp()
  return (
    <div class="end actions">
      <CopyButton
        text={() => callOf(raw, session.hasToken.peek())}
        label="Copy the call that submits it again, for a shell"
      >
        Copy as curl
      </CopyButton>
      {session.mayWrite.value ? <WriteActions raw={raw} /> : null}
    </div>
  )
}

function WriteActions({ raw }: { raw: RawTask }) {
  const { router, submitForm } = useApp()
  const [open, setOpen] = useState<'cancel' | 'replay' | null>(null)
  const mayCancel = isUnfinished(raw.task)
  const change = () => {
    submitForm.fill(formOf(raw), raw.task.id)
    router.go(link(['submit']))
  }
  useKeys([
    { keys: 'e', label: 'Submit again with changes', run: change },
    { keys: 'r', label: 'Replay the task', run: () => setOpen('replay') },
    { keys: 'x', label: 'Cancel the task', run: () => mayCancel && setOpen('cancel') },
  ])
  const close = () => setOpen(null)
  return (
    <>
      <button type="button" class="button small" onClick={change}>
        Submit with changes
      </button>
      <button type="button" class="button small" onClick={() => setOpen('replay')}>
        Replay
      </button>
      {mayCancel ? (
        <button type="button" class="button small danger" onClick={() => setOpen('cancel')}>
          Cancel
        </button>
      ) : null}
      {open === 'replay' ? <ReplayDialog task={raw.task} close={close} /> : null}
      {open === 'cancel' ? <CancelDialog task={raw.task} close={close} /> : null}
    </>
  )
}

function callOf(raw: RawTask, needsToken: boolean): string {
  const url = new URL('tasks', window.location.href)
  url.hash = ''
  const body = bodyOf(raw, raw.task.secret_headers)
  return curlOf({ url: url.href, body, isAsync: raw.task.mode === 'async', needsToken })
}
