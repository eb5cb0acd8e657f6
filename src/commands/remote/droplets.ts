import type { Droplet, Droplets } from '../../client/types.ts'
import { EXIT, hasColour, type Command } from '../command.ts'
import { stateColour, type Colour } from '../terminal/colours.ts'
import { table, type Column } from '../terminal/table.ts'
import { counted, durationText } from '../terminal/texts.ts'
import { systemClock } from '../../platform/clock.ts'
import { printText } from './print-text.ts'
import { atService, SERVICE_FLAGS, type Call } from './service.ts'

export const DROPLETS: Command = {
  name: 'droplets',
  synopsis: '[--refresh]',
  summary: 'list the droplets, and how they are',
  details: `
  --refresh            ask the Registry for its list first
${SERVICE_FLAGS}
  orchestrator droplets --refresh
`,
  run: (args, io) => atService(DROPLETS, { switches: ['refresh'] }, args, io, droplets),
}

async function droplets(call: Call<{}, never, 'refresh'>): Promise<number> {
  const { client, io, json, switches } = call
  const text = await client.text('/droplets', { refresh: switches.refresh || undefined })
  if (json) {
    printText(call.io, text)
    return EXIT.ok
  }
  const list = JSON.parse(text) as Droplets
  const options = { width: io.columns(), colour: hasColour(io) }
  if (list.droplets.length > 0) io.stdout(table(COLUMNS, list.droplets, options))
  io.stdout(`${counted(list.droplets.length, 'droplet')}; ${ageOf(list)}\n`)
  return EXIT.ok
}

/** How old the list is, and whether that is well. */
function ageOf({ cache_status, cache_age_seconds }: Droplets): string {
  const age = cache_age_seconds === null ? '' : `, ${durationText(cache_age_seconds * 1000)} old`
  return `the Registry's list is ${cache_status}${age}`
}

const COLUMNS: readonly Column<Droplet>[] = [
  { heading: 'NAME', text: ({ name }) => name, min: 12 },
  {
    heading: 'STATUS',
    text: ({ status }) => status,
    colour: ({ status }) => stateColour(status),
  },
  { heading: 'REACHABLE', text: reachableText, colour: reachableColour },
  {
    heading: 'CIRCUIT',
    text: ({ circuit }) => circuit,
    colour: ({ circuit }) => stateColour(circuit),
  },
  {
    heading: 'LATENCY',
    text: ({ latency_ms }) => durationText(latency_ms),
    align: 'right',
    dispensable: 2,
  },
  { heading: 'IN FLIGHT', text: (each) => String(each.in_flight), align: 'right', dispensable: 4 },
  { heading: 'WAITING', text: ({ waiting }) => String(waiting), align: 'right', dispensable: 5 },
  { heading: 'VERSION', text: ({ version }) => version ?? '', min: 7, dispensable: 6 },
  { heading: 'URL', text: ({ url }) => url, min: 24, dispensable: 3 },
  { heading: 'LAST ERROR', text: lastErrorText, min: 16, dispensable: 1 },
]

/** With its age: of a droplet that is well again it is history. */
function lastErrorText({ last_error, last_error_at }: Droplet): string {
  if (last_error === null) return ''
  if (last_error_at === null) return last_error
  const agoMs = Math.max(0, systemClock.now() - last_error_at * 1000)
  return `${durationText(agoMs)} ago: ${last_error}`
}

function reachableText({ reachable }: Droplet): string {
  return reachable === null ? 'unknown' : reachable ? 'yes' : 'no'
}

function reachableColour({ reachable }: Droplet): Colour | null {
  return reachable === null ? null : reachable ? 'green' : 'red'
}
