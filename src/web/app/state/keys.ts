/** The keyboard: single keys, and pairs such as `g t`, never while somebody types. */
import { signal, type ReadonlySignal } from '@preact/signals'

export interface Binding {
  /** As `KeyboardEvent.key` names it; two with a space between: one after the other. */
  readonly keys: string
  /** For the list of the keys. */
  readonly label: string
  /** May answer false: it had nothing to do, and the browser goes on. */
  run(event: KeyboardEvent): unknown
}

/** How long a pair's second key is waited for. */
const PAIR_MS = 1500

export class Keys {
  readonly #bindings = signal<readonly Binding[]>([])
  /** Those that were added last come first, and win. */
  readonly bindings: ReadonlySignal<readonly Binding[]> = this.#bindings
  #first: { key: string; at: number } | null = null

  constructor() {
    document.addEventListener('keydown', (event) => this.#press(event))
  }

  /** Until the function is called that is returned. */
  add(bindings: readonly Binding[]): () => void {
    this.#bindings.value = [...bindings, ...this.#bindings.peek()]
    return () => {
      this.#bindings.value = this.#bindings.peek().filter((one) => !bindings.includes(one))
    }
  }

  #press(event: KeyboardEvent): void {
    const { key, timeStamp } = event
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    if (document.querySelector('dialog[open]')) return
    if (isTyping(event.target) && key !== 'Escape') return
    const before = this.#first && timeStamp - this.#first.at < PAIR_MS ? this.#first.key : null
    this.#first = { key, at: timeStamp }
    const all = this.#bindings.peek()
    const found =
      all.find(({ keys }) => before !== null && keys === `${before} ${key}`) ??
      all.find(({ keys }) => keys === key)
    if (!found || found.run(event) === false) return
    this.#first = null
    event.preventDefault()
  }
}

export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]')
  )
}
