/** What a check finds. */
export type Level = 'ok' | 'warning' | 'failure'

export interface Finding {
  readonly level: Level
  /** In a line for people. It may quote droplets and the Registry: nothing in it is to be trusted. */
  readonly found: string
  /** What to do, where something is to be done. */
  readonly advice?: string
}

export const ok = (found: string): Finding => ({ level: 'ok', found })

export const warning = (found: string, advice: string): Finding => ({
  level: 'warning',
  found,
  advice,
})

export const failure = (found: string, advice: string): Finding => ({
  level: 'failure',
  found,
  advice,
})

const LEVELS: readonly Level[] = ['ok', 'warning', 'failure']

/** The worst of them; `ok` of none. */
export function worst(levels: readonly Level[]): Level {
  return LEVELS.findLast((level) => levels.includes(level)) ?? 'ok'
}
