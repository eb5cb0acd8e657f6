import { useEffect, useRef } from 'preact/hooks'
import { useApp } from '../state/app.ts'
import { Icon } from '../ui/icon.tsx'

export function KeysHelp({ close }: { close: () => void }) {
  const { keys } = useApp()
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  const known = Map.groupBy(keys.bindings.value, ({ label }) => label)
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="keys-title" onClose={close}>
      <header>
        <h2 id="keys-title">Keys</h2>
        <button
          type="button"
          class="button icon-only"
          aria-label="Close"
          title="Close (Esc)"
          onClick={() => dialog.current?.close()}
        >
          <Icon name="cross" />
        </button>
      </header>
      <dl class="keys">
        {[...known].map(([label, bindings]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>
              {bindings.map(({ keys }, i) => (
                <Combination key={keys} keys={keys} isOther={i > 0} />
              ))}
            </dd>
          </div>
        ))}
        <div>
          <dt>Open the row</dt>
          <dd>
            <kbd>Enter</kbd>
          </dd>
        </div>
      </dl>
    </dialog>
  )
}

/** `g t`: one after the other; `isOther`: instead of the one before. */
function Combination({ keys, isOther }: { keys: string; isOther: boolean }) {
  return (
    <>
      {isOther ? <span class="quiet"> or </span> : null}
      {keys.split(' ').map((key) => (
        <kbd key={key}>{NAMES[key] ?? key}</kbd>
      ))}
    </>
  )
}

const NAMES: Readonly<Record<string, string>> = {
  Escape: 'Esc',
  ArrowDown: '↓',
  ArrowUp: '↑',
}
