/** All checks but that of the configuration, which the others need. */
import type { Check } from './check.ts'
import { CLOCK } from './clock.ts'
import { CONNECTIONS } from './connections.ts'
import { DATABASE } from './database.ts'
import { DESCRIPTORS } from './descriptors.ts'
import { DISK } from './disk.ts'
import { DROPLETS } from './droplets.ts'
import { NODES } from './nodes.ts'
import { PARTITIONS } from './partitions.ts'
import { PORT } from './port.ts'
import { PROXY } from './proxy.ts'
import { QUEUE } from './queue.ts'
import { REGISTRY } from './registry.ts'
import { SERVICE } from './service.ts'
import { UNIT } from './unit.ts'
import { VACUUM } from './vacuum.ts'

/** In their order on the page. The database comes first: while it is read nothing else goes on. */
export const CHECKS: readonly Check[] = [
  DATABASE,
  DISK,
  PORT,
  DESCRIPTORS,
  CLOCK,
  UNIT,
  CONNECTIONS,
  VACUUM,
  PARTITIONS,
  NODES,
  REGISTRY,
  DROPLETS,
  SERVICE,
  QUEUE,
  PROXY,
]
