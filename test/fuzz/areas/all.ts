/**
 * All areas. Tokens files are to be one more, `tokens.ts`: texts as in `settings.ts`, given to the
 * reader of AUTH_TOKENS_FILE; each gives tokens, or faults that name a line and no token.
 */
import type { AnyArea } from '../area.ts'
import { bodies } from './bodies.ts'
import { droplets } from './droplets.ts'
import { headers } from './headers.ts'
import { paths } from './paths.ts'
import { queries } from './queries.ts'
import { registry } from './registry.ts'
import { settings } from './settings.ts'
import { sockets } from './sockets.ts'

export const AREAS: readonly AnyArea[] = [
  bodies,
  headers,
  queries,
  paths,
  sockets,
  droplets,
  registry,
  settings,
]
