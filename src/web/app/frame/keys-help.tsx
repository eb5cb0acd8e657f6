import { useEffect, useRef } from 'preact/hooks'
import { useApp } from '../state/app.ts'
import { Icon } from '../ui/icon.tsx'

export function KeysHelp({ close }: { close: () => void }) {
  const { keys } = useApp()
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  const known = new Map(keys.bindings.value.map(({ keys, label }) => [label, keys]))
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
        {[...known].map(([label, keys]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>
              {keys.split(' ').map((key, i) => (
                <kbd key={i}>{NAMES[key] ?? key}</kbd>
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

const NAMES: Readonly<Record<string, string>> = {
  Escape: 'Esc',
  ArrowDown: '↓',
  ArrowUp: '↑',
}
