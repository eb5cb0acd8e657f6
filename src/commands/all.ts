/** All commands, in the order in which `--help` lists them. A new one has its line here. */
import { ALERTS } from './alerts.ts'
import { BACKUP } from './backup.ts'
import { CHECK } from './check.ts'
import type { Command, CommandGroup } from './command.ts'
import { completionOf } from './completion.ts'
import { COMPOSE } from './compose.ts'
import { DEV } from './dev.ts'
import { DOCTOR } from './doctor/doctor.ts'
import { GRAFANA } from './grafana.ts'
import { HEALTH } from './health.ts'
import { MIGRATE } from './migrate/migrate.ts'
import { OPENAPI } from './openapi.ts'
import { DROPLETS } from './remote/droplets.ts'
import { METRICS } from './remote/metrics.ts'
import { TASK } from './remote/task.ts'
import { SERVE } from './serve.ts'
import { SYSTEMD } from './systemd.ts'
import { TOKEN } from './token.ts'

export const COMMANDS: readonly (Command | CommandGroup)[] = [
  SERVE,
  DEV,
  CHECK,
  DOCTOR,
  TASK,
  DROPLETS,
  METRICS,
  TOKEN,
  HEALTH,
  BACKUP,
  MIGRATE,
  OPENAPI,
  GRAFANA,
  ALERTS,
  SYSTEMD,
  COMPOSE,
  completionOf(() => COMMANDS),
]
