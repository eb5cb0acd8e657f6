/** All areas. */
import type { AnyArea } from '../area.ts'
import { access } from './access.ts'
import { bodies } from './bodies.ts'
import { door } from './door.ts'
import { droplets } from './droplets.ts'
import { gate } from './gate.ts'
import { headers } from './headers.ts'
import { paths } from './paths.ts'
import { queries } from './queries.ts'
import { registry } from './registry.ts'
import { settings } from './settings.ts'
import { sockets } from './sockets.ts'
import { tokens } from './tokens.ts'

export const AREAS: readonly AnyArea[] = [
  bodies,
  headers,
  queries,
  paths,
  sockets,
  droplets,
  registry,
  settings,
  tokens,
  access,
  door,
  gate,
]
