/** Bugs that a test puts between the service and its ports, to see that a checker finds them. */
import type { Gate } from '../../../src/droplets/gate.ts'
import type { MeshGate } from '../../../src/droplets/mesh-gate.ts'
import type { SharedDatabase } from '../../../src/store/shared/database.ts'
import type { DatabaseServer } from '../database/database-server.ts'
import type { SharedTables } from '../database/shared-tables.ts'
import type { World } from '../world/world.ts'
import type { SimulatedPorts } from './service.ts'

export type PlantedBugs = {
  readonly [P in 'clock' | 'fetch' | 'driver']?: (
    port: SimulatedPorts[P],
    world: World,
  ) => SimulatedPorts[P]
} & {
  /** What one process has of the shared database. */
  /** In the shared database itself. */
  readonly tables?: (tables: SharedTables, server: DatabaseServer) => void
  readonly database?: (database: SharedDatabase, world: World) => SharedDatabase
  /** Stands before the gate. */
  readonly gate?: (gate: MeshGate, world: World) => Gate
}

export function withBugs(ports: SimulatedPorts, bugs: PlantedBugs, world: World): SimulatedPorts {
  return {
    ...ports,
    clock: bugs.clock?.(ports.clock, world) ?? ports.clock,
    fetch: bugs.fetch?.(ports.fetch, world) ?? ports.fetch,
    driver: bugs.driver?.(ports.driver, world) ?? ports.driver,
  }
}
