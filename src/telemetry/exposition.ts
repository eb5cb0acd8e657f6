/** Metrics as Prometheus reads them. */
import { Gauge, Registry } from 'prom-client'
import { nextTurn, type Turns } from '../platform/turns.ts'
import type { Family, Sample } from './family.ts'

/** The `Content-Type` of each format. */
export const FORMATS = {
  openMetrics: Registry.OPENMETRICS_CONTENT_TYPE,
  text: Registry.PROMETHEUS_CONTENT_TYPE,
} as const

export type Format = keyof typeof FORMATS

/** Lines that are made in one turn of the event loop: prom-client takes 1.5 µs for each. */
export const LINES_A_TURN = 500

/** A page in UTF-8, in the order of its parts: 8 MB in one piece would be copied at once. */
export type Page = readonly Uint8Array[]

/**
 * Makes a slice of the page in each turn of the event loop, so other requests wait a few ms at
 * most, however many lines there are.
 */
export async function exposition(
  families: Iterable<Family>,
  format: Format,
  turns: Turns,
): Promise<Page> {
  const parts: Buffer[] = []
  let lines = 0
  for (const family of families) {
    const text = new FamilyText(family, format)
    for (const sample of family.samples()) {
      text.add(sample)
      if (++lines % LINES_A_TURN !== 0) continue
      parts.push(Buffer.from(await text.next()))
      await nextTurn(turns)
    }
    parts.push(Buffer.from(await text.next()))
  }
  if (format === 'openMetrics') parts.push(Buffer.from('# EOF\n'))
  return parts
}

/** The text of one family, in pieces. */
class FamilyText {
  readonly #registry: Registry
  readonly #metric: GivenMetric
  #samples: Sample[] = []
  #isBegun = false

  constructor(
    family: Family,
    private readonly format: Format,
  ) {
    this.#registry = new Registry()
    // Its types would have a registry of another type for each format.
    this.#registry.setContentType(FORMATS[format] as typeof FORMATS.text)
    this.#metric = new GivenMetric(family, nameIn(format, family), this.#registry)
  }

  add(sample: Sample | null): void {
    if (sample) this.#samples.push(sample)
  }

  /** The lines of what was added since the last call; before the first of them, what they are. */
  async next(): Promise<string> {
    this.#metric.given = this.#samples
    this.#samples = []
    const text = `${await this.#registry.getSingleMetricAsString(this.#metric.name)}\n`
    // HELP and TYPE, a line each.
    const headEnd = text.indexOf('\n', text.indexOf('\n') + 1) + 1
    const lines = text.slice(headEnd)
    if (this.#isBegun) return lines
    this.#isBegun = true
    return text.slice(0, headEnd) + this.#unit() + lines
  }

  /** prom-client knows none, and the older format has none. */
  #unit(): string {
    const { name } = this.#metric
    const unit = /_(seconds|bytes)$/.exec(name)?.[1]
    return unit && this.format === 'openMetrics' ? `# UNIT ${name} ${unit}\n` : ''
  }
}

/** OpenMetrics names a counter without the end that its lines have. */
function nameIn(format: Format, { name, type }: Family): string {
  return format === 'openMetrics' && type === 'counter' ? name.replace(/_total$/, '') : name
}

/** A metric of prom-client whose values somebody else has counted. */
class GivenMetric extends Gauge {
  given: readonly Sample[] = []
  readonly name: string
  readonly #family: Family

  constructor(family: Family, name: string, registry: Registry) {
    super({ name, help: family.help, registers: [registry] })
    this.name = name
    this.#family = family
  }

  override get(): ReturnType<Gauge['get']> {
    const { type, help } = this.#family
    const values = this.given.map(({ name, labels, value }) => ({
      metricName: name,
      labels,
      value,
    }))
    // Its types call `type` a number, but it is the word, and is written as it is.
    const object = { name: this.name, help, type, values } as unknown
    return Promise.resolve(object as Awaited<ReturnType<Gauge['get']>>)
  }
}
