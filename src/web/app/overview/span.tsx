import { useApp } from '../state/app.ts'

export const SPANS = {
  '15m': { seconds: 900, label: '15 min' },
  '24h': { seconds: 86_400, label: '24 h' },
} as const

export type Span = keyof typeof SPANS

export function spanOf(query: URLSearchParams): Span {
  return query.get('span') === '24h' ? '24h' : '15m'
}

/** The shorter one is what the address means that names none. */
export function SpanSwitch() {
  const { router } = useApp()
  const chosen = spanOf(router.location.value.query)
  return (
    <div class="choice end" role="group" aria-label="How far back">
      {(Object.keys(SPANS) as Span[]).map((span) => (
        <button
          key={span}
          type="button"
          aria-pressed={span === chosen}
          onClick={() => router.setQuery({ span: span === '15m' ? null : span })}
        >
          {SPANS[span].label}
        </button>
      ))}
    </div>
  )
}
