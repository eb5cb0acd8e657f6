/** The only place that creates the service: its engine with the HTTP handler in front of it. */
import type { Config } from '../../../src/config/config.ts'
import type { GateState } from '../../../src/droplets/mesh-gate.ts'
import { createEngine, type Engine, type EngineParts } from '../../../src/engine.ts'
import { EventBus } from '../../../src/events.ts'
import { createApp } from '../../../src/http/app.ts'
import { Feed } from '../../../src/http/live/feed.ts'
import type { Ports } from '../../../src/ports.ts'
import type { DirectoryCache } from '../../../src/registry/disk-cache.ts'
import type { StoreDriver } from '../../../src/store/driver.ts'
import { GroupCommitStore } from '../../../src/store/group-commit.ts'
import type { FinalStatus } from '../../../src/task.ts'
import { httpClient, type ServiceClient } from './service-client.ts'

/** What the simulation puts in the place of the outside world. */
export interface SimulatedPorts extends Ports {
  driver: StoreDriver
  cache: DirectoryCache
}

export interface Service {
  readonly client: ServiceClient
  start(): Promise<void>
  stop(): Promise<void>
  /** What the service says of itself. */
  report(): ServiceReport
}

export interface ServiceReport {
  /** Tasks that ended in this process. */
  ended: Readonly<Record<FinalStatus, number>>
  retries: number
  running: number
  queued: number
  storeWritable: boolean
  gateOf(droplet: string): GateState
}

export function createService(
  config: Config,
  ports: SimulatedPorts,
  gate: NonNullable<EngineParts['gate']>,
  onEnded: (taskId: string) => void,
): Service {
  const { clock, log, driver, cache } = ports
  const events = new EventBus(log)
  events.on('ended', ({ task }) => onEnded(task.id))
  const store = new GroupCommitStore(driver, { clock, log, emit: events.emit })
  const publicUrl = () => config.publicUrl
  const engine = createEngine({ config, ports, store, events, cache, publicUrl, gate })
  const app = createApp(engine, { ...ports, feed: new Feed(engine, events, ports) })

  return {
    client: httpClient((request) => app.handle(request)),
    async start() {
      await engine.recover()
      await engine.start()
    },
    async stop() {
      await engine.drain()
      await engine.stop()
    },
    report: () => reportOf(engine),
  }
}

function reportOf({ metrics, tasks, store, gate }: Engine): ServiceReport {
  return {
    ended: metrics.ended,
    retries: metrics.retries,
    running: tasks.running,
    queued: tasks.queued,
    storeWritable: store.fault === null,
    gateOf: (droplet) => gate.of(droplet),
  }
}
