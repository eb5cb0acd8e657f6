/** The figures: what was measured, what is wanted, and whether that is so. */

export interface Figure {
  part: string
  name: string
  /** null when it could not be measured; `note` says why. */
  value: number | null
  unit: string
  wanted: Limit | null
  ok: boolean | null
  /** The least and the most of the rounds of which it is the median; null: it is of one. */
  spread: readonly [number, number] | null
  note: string
}

/** `['>=', 0.6]`: at least 0.6. */
export type Limit = readonly ['>=' | '<=' | '<', number]

export class Report {
  readonly figures: Figure[] = []
  #part = ''

  part(name: string): void {
    this.#part = name
    console.log(`\n${name}`)
  }

  add(name: string, value: number, unit = '', wanted: Limit | null = null, note = ''): void {
    this.#add({ name, value, unit, wanted, spread: null, note })
  }

  /** The median of several rounds, with their spread. */
  addMedian(
    name: string,
    values: readonly number[],
    unit = '',
    wanted: Limit | null = null,
    note = '',
  ): void {
    const spread = [Math.min(...values), Math.max(...values)] as const
    this.#add({ name, value: median(values), unit, wanted, spread, note })
  }

  unmeasured(name: string, reason: string): void {
    const none = { value: null, unit: '', wanted: null, ok: null, spread: null }
    this.#push({ ...none, name, note: reason })
  }

  get complete(): boolean {
    return this.figures.every(({ value }) => value !== null)
  }

  /** The figures that are short of what is wanted. */
  get short(): Figure[] {
    return this.figures.filter(({ ok }) => ok === false)
  }

  #add(figure: Omit<Figure, 'part' | 'ok'> & { value: number }): void {
    const { value, wanted } = figure
    this.#push({ ...figure, ok: wanted && meets(value, wanted) })
  }

  #push(figure: Omit<Figure, 'part'>): void {
    const whole = { part: this.#part, ...figure }
    this.figures.push(whole)
    // At once: a whole run takes minutes.
    console.log(line(whole))
  }
}

function meets(value: number, [relation, limit]: Limit): boolean {
  if (relation === '>=') return value >= limit
  return relation === '<' ? value < limit : value <= limit
}

function line({ name, value, unit, wanted, ok, spread, note }: Figure): string {
  const measured = value === null ? 'not measured' : `${readable(value)} ${unit}`.trim()
  const want = wanted ? `${wanted[0]} ${wanted[1]}` : ''
  const verdict = ok === null ? '' : ok ? 'ok' : 'SHORT'
  const columns = [name.padEnd(52), measured.padStart(16), want.padStart(10), verdict.padEnd(5)]
  const range = spread ? `${readable(spread[0])} to ${readable(spread[1])}` : ''
  return `  ${columns.join('  ')}  ${[range, note].filter(Boolean).join('; ')}`.trimEnd()
}

/** Four digits are more than two noisy cores can tell. */
export function readable(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 1000)
    return Math.round(value).toLocaleString('en')
  return String(Number(value.toPrecision(3)))
}

export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('no values')
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** `0 < percent <= 100`, by nearest rank. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const rank = Math.ceil((percent / 100) * sorted.length)
  return sorted[Math.max(0, rank - 1)]!
}
