/**
 * All areas. Tokens files are to be one more, `tokens.ts`, once their reader is here: texts of lines
 * as in `settings.ts`, given to `parseTokens` (`src/access/token-lines.ts`). Each gives tokens or
 * faults; a fault names a line, is one line, and holds no token and no hash.
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
