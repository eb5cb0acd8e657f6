import { link } from '../state/router.ts'
import { keyOf, type Filters } from './filters.ts'

const PRESETS: readonly (readonly [words: string, filters: Filters])[] = [
  ['All', {}],
  ['Running now', { status: 'running' }],
  ['Queued', { status: 'queued' }],
  ['Failed in the last hour', { status: 'failed', since: '1h' }],
]

/** What is looked for most: one click. */
export function Presets({ filters }: { filters: Filters }) {
  const key = keyOf(filters)
  return (
    <nav class="presets" aria-label="Often looked for">
      {PRESETS.map(([words, preset]) => (
        <a
          key={words}
          href={link(['tasks'], preset)}
          aria-current={keyOf(preset) === key ? 'true' : undefined}
        >
          {words}
        </a>
      ))}
    </nav>
  )
}
