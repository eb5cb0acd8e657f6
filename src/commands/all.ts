/** All commands, in the order in which `--help` lists them. A new one has its line here. */
import { CHECK } from './check.ts'
import type { Command, CommandGroup } from './command.ts'
import { COMPOSE } from './compose.ts'
import { DEV } from './dev.ts'
import { HEALTH } from './health.ts'
import { OPENAPI } from './openapi.ts'
import { SERVE } from './serve.ts'
import { SYSTEMD } from './systemd.ts'
import { TOKEN } from './token.ts'

export const COMMANDS: readonly (Command | CommandGroup)[] = [
  SERVE,
  DEV,
  CHECK,
  TOKEN,
  HEALTH,
  OPENAPI,
  SYSTEMD,
  COMPOSE,
]
