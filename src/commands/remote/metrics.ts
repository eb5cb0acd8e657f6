import { systemClock } from '../../platform/clock.ts'
import { visible } from '../../platform/log-text.ts'
import { EXIT, hasColour, type Command, type CommandIo } from '../command.ts'
import { paint } from '../terminal/colours.ts'
import { durationText, timeText } from '../terminal/texts.ts'
import { printText } from './print-text.ts'
import { atService, SERVICE_FLAGS, type Call } from './service.ts'

export const METRICS: Command = {
  name: 'metrics',
  synopsis: '[--prometheus]',
  summary: 'print what the service has counted and measured',
  details: `
  --prometheus         as Prometheus reads them (OpenMetrics)
${SERVICE_FLAGS}
  orchestrator metrics
  orchestrator metrics --prometheus | grep orchestrator_queue_depth
`,
  run: (args, io) => atService(METRICS, { switches: ['prometheus'] }, args, io, metrics),
}

const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0'

async function metrics(call: Call<{}, never, 'prometheus'>): Promise<number> {
  const { client, io, json, switches } = call
  if (switches.prometheus) {
    printText(io, await client.text('/metrics', {}, OPEN_METRICS))
    return EXIT.ok
  }
  const text = await client.text('/metrics')
  if (json) printText(call.io, text)
  else io.stdout(inWords(JSON.parse(text) as Group, io))
  return EXIT.ok
}

interface Group {
  readonly [name: string]: string | number | boolean | null | Group
}

/** Each number a line; below a heading those that belong together. */
function inWords(group: Group, io: CommandIo): string {
  const now = systemClock.now()
  const entries = Object.entries(group)
  const line = ([name, value]: [string, unknown]) => {
    const [label, shown] = labelled(name, value, now)
    return `  ${label.padEnd(28)}${visible(shown)}\n`
  }
  const own = entries.filter(([, value]) => !isGroup(value))
  const groups = entries.flatMap(([name, value]) =>
    isGroup(value) ? [[name, value] as const] : [],
  )
  const parts = groups.map(([name, value]) => {
    const heading = hasColour(io) ? paint(name, 'bold') : name
    return `${heading}\n${Object.entries(value).map(line).join('')}`
  })
  return [own.map(line).join(''), ...parts].filter((part) => part !== '').join('\n')
}

const isGroup = (value: unknown): value is Group => typeof value === 'object' && value !== null

/** The unit goes from the name to the value. */
function labelled(name: string, value: unknown, now: number): [string, string] {
  const words = name.replaceAll('_', ' ')
  if (typeof value !== 'number')
    return [words, value === null ? '–' : JSON.stringify(value).replaceAll('"', '')]
  if (name.endsWith('_ms')) return [words.slice(0, -3), durationText(value)]
  if (name.endsWith('_seconds')) return [words.slice(0, -8), durationText(value * 1000)]
  if (name.endsWith('_percent')) return [words.slice(0, -8), `${value} %`]
  if (name === 'last_sync') return [words, timeText(value, now)]
  return [words, String(value)]
}
