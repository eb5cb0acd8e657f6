/** All checks but that of the configuration, which the others need. */
import type { Check } from './check.ts'
import { CLOCK } from './clock.ts'
import { DATABASE } from './database.ts'
import { DESCRIPTORS } from './descriptors.ts'
import { DISK } from './disk.ts'
import { DROPLETS } from './droplets.ts'
import { PORT } from './port.ts'
import { PROXY } from './proxy.ts'
import { QUEUE } from './queue.ts'
import { REGISTRY } from './registry.ts'
import { SERVICE } from './service.ts'
import { UNIT } from './unit.ts'

/** In their order on the page. The database comes first: while it is read nothing else goes on. */
export const CHECKS: readonly Check[] = [
  DATABASE,
  DISK,
  PORT,
  DESCRIPTORS,
  CLOCK,
  UNIT,
  REGISTRY,
  DROPLETS,
  SERVICE,
  QUEUE,
  PROXY,
]
