/** How a droplet is, in a word. */
import type { Droplet } from '../../../client/types.ts'
import type { Tone } from '../ui/badge.tsx'
import type { IconName } from '../ui/icon.tsx'

interface State {
  readonly word: string
  readonly about: string
  readonly tone: Tone
  readonly icon: IconName
}

export const RANKS = ['away', 'error', 'odd', 'well'] as const

const AWAY: State = {
  word: 'away',
  about: 'It does not answer; its tasks wait or fail',
  tone: 'bad',
  icon: 'cross',
}
const ERROR: State = {
  word: 'error',
  about: 'The Registry lists it with an error; no task is sent to it',
  tone: 'bad',
  icon: 'warning',
}
const INACTIVE: State = {
  word: 'inactive',
  about: 'The Registry lists it as inactive; no task is sent to it',
  tone: 'calm',
  icon: 'stop',
}
const UNLISTED: State = {
  word: 'unlisted',
  about: 'The Registry has restarted and does not list it yet; tasks are sent to it still',
  tone: 'warn',
  icon: 'warning',
}
const REACHABLE: State = { word: 'reachable', about: 'It answers', tone: 'good', icon: 'check' }
const UNKNOWN: State = {
  word: 'not known',
  about: 'It has not been asked yet',
  tone: 'calm',
  icon: 'waiting',
}

type Known = Pick<Droplet, 'status' | 'circuit' | 'reachable'>

export function stateOf({ status, circuit, reachable }: Known): State {
  if (status === 'inactive') return INACTIVE
  if (status === 'error') return ERROR
  if (circuit === 'open' || reachable === false) return AWAY
  if (status === 'unlisted') return UNLISTED
  return reachable === null ? UNKNOWN : REACHABLE
}

/** An index into RANKS: the worse, the smaller. */
export function rankOf(droplet: Known): number {
  const state = stateOf(droplet)
  if (state === AWAY) return 0
  if (state === ERROR) return 1
  return state === UNLISTED || state === INACTIVE ? 2 : 3
}
