/** Colours on a terminal. */

const CODES = {
  dim: 2,
  bold: 1,
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
  cyan: 36,
} as const

export type Colour = keyof typeof CODES

export function paint(text: string, colour: Colour | null): string {
  return colour === null || text === '' ? text : `\x1b[${CODES[colour]}m${text}\x1b[0m`
}

/** Of the states of tasks, of droplets and of circuits. */
const OF_STATES: Readonly<Record<string, Colour>> = {
  success: 'green',
  error: 'red',
  timeout: 'red',
  cancelled: 'magenta',
  running: 'cyan',
  queued: 'blue',
  active: 'green',
  inactive: 'yellow',
  unlisted: 'yellow',
  open: 'red',
}

export function stateColour(state: string): Colour | null {
  return Object.hasOwn(OF_STATES, state) ? OF_STATES[state]! : null
}
