/** Light or dark: as the system has it, until somebody chooses. */
import { signal, type ReadonlySignal } from '@preact/signals'
import { kept } from './storage.ts'

export const THEMES = ['system', 'light', 'dark'] as const
export type ThemeChoice = (typeof THEMES)[number]

const CHOICE = kept('localStorage', 'orchestrator-theme')

export class Theme {
  readonly #choice = signal(keptChoice())
  readonly #changes = signal(0)
  readonly choice: ReadonlySignal<ThemeChoice> = this.#choice
  /** Moves with every change of colours, the system's too: what is drawn on a canvas follows it. */
  readonly changes: ReadonlySignal<number> = this.#changes

  constructor() {
    this.#apply()
    const system = matchMedia('(prefers-color-scheme: dark)')
    system.addEventListener('change', () => this.#changes.value++)
  }

  choose(choice: ThemeChoice): void {
    CHOICE.write(choice)
    this.#choice.value = choice
    this.#apply()
    this.#changes.value++
  }

  /** A choice is written on the root; style.css does the rest. */
  #apply(): void {
    const { dataset } = document.documentElement
    if (this.#choice.value === 'system') delete dataset.theme
    else dataset.theme = this.#choice.value
  }
}

function keptChoice(): ThemeChoice {
  const text = CHOICE.read()
  return THEMES.find((theme) => theme === text) ?? 'system'
}
