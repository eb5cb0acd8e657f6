/** A metrics page for Prometheus, as its text format is specified; fails on a line that is none. */

export interface Line {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface MetricsPage {
  readonly lines: readonly Line[]
  /** `# TYPE name type`, by name. */
  readonly types: Readonly<Record<string, string>>
  readonly units: Readonly<Record<string, string>>
  /** The value of the one line with this name and these labels at least; null without one. */
  value(name: string, labels?: Record<string, string>): number | null
  /** The values of all lines with this name and these labels, together. */
  sum(name: string, labels?: Record<string, string>): number
}

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/s
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/y
const ESCAPED: Readonly<Record<string, string>> = { '\\\\': '\\', '\\"': '"', '\\n': '\n' }

export function readMetricsPage(text: string): MetricsPage {
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  const lines: Line[] = []
  const about: Record<'TYPE' | 'UNIT' | 'HELP', Record<string, string>> = {
    TYPE: {},
    UNIT: {},
    HELP: {},
  }
  for (const line of text.slice(0, -1).split('\n')) {
    const [, kind, name, rest] = /^# (TYPE|UNIT|HELP) (\S+) (.+)$/.exec(line) ?? []
    if (kind) {
      const known = about[kind as keyof typeof about]
      if (known[name!] !== undefined) throw new Error(`told twice: ${line}`)
      known[name!] = rest!
    } else if (line !== '# EOF') lines.push(lineOf(line))
  }
  const matching = (name: string, labels: Record<string, string> = {}) =>
    lines.filter(
      (each) =>
        each.name === name &&
        Object.entries(labels).every(([label, value]) => each.labels[label] === value),
    )
  return {
    lines,
    types: about.TYPE,
    units: about.UNIT,
    value(name, labels) {
      const found = matching(name, labels)
      if (found.length > 1) throw new Error(`${found.length} lines of ${name}`)
      return found[0]?.value ?? null
    },
    sum: (name, labels) => matching(name, labels).reduce((sum, { value }) => sum + value, 0),
  }
}

function lineOf(line: string): Line {
  const [, name, labels = '', value] = SAMPLE.exec(line) ?? []
  if (!name || value === undefined) throw new Error(`no line of metrics: ${line}`)
  return { name, labels: labelsOf(labels, line), value: Number(value.replace('Inf', 'Infinity')) }
}

function labelsOf(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {}
  LABEL.lastIndex = 0
  while (LABEL.lastIndex < text.length) {
    const found = LABEL.exec(text)
    if (!found) throw new Error(`no labels: ${line}`)
    labels[found[1]!] = found[2]!.replaceAll(/\\[\\"n]/g, (each) => ESCAPED[each]!)
  }
  return labels
}
