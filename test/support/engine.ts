/** An engine without HTTP: one droplet, a disk that fails when told to, a clock that a test moves. */
import { join } from 'node:path'
import { mkdirSync, rmSync } from 'node:fs'
import type { Config } from '../../src/config/config.ts'
import type { Gate } from '../../src/droplets/gate.ts'
import { createEngine } from '../../src/engine.ts'
import { EventBus, type TaskEvent } from '../../src/events.ts'
import { systemFetch } from '../../src/platform/fetch.ts'
import { systemResolver } from '../../src/platform/resolver.ts'
import type { StoreDriver } from '../../src/store/driver.ts'
import type { Retention } from '../../src/store/store.ts'
import { Connection } from '../../src/store/sqlite/connection.ts'
import { SqliteHistory } from '../../src/store/sqlite/history.ts'
import { testConfig, type DeepPartial } from './config.ts'
import { FakeClock } from './fake-clock.ts'
import { recordingLog } from './log.ts'
import { memoryCache } from './memory-cache.ts'
import { scriptedServer, type Answer } from './scripted-server.ts'
import { inlineDriver, RETENTION, storeOver } from './store.ts'
import { NOW } from './tasks.ts'

export interface EngineOptions {
  config?: DeepPartial<Config>
  gate?: Gate
  /** Default: everything is kept. */
  retention?: Retention
  /** Stands between the store and the disk. */
  driver?(driver: StoreDriver): StoreDriver
}

/** The droplet is listed as `Echo`. */
export async function startEngine(answer: Answer, options: EngineOptions = {}) {
  const droplet = scriptedServer(answer)
  const clock = new FakeClock(NOW)
  const log = recordingLog()
  const disk = { full: false, commits: 0 }
  const events = new EventBus(log)
  const told: TaskEvent[] = []
  for (const type of ['accepted', 'attempt started', 'attempt ended', 'ended'] as const) {
    events.on(type, (event) => told.push(event))
  }
  const base = testConfig({ ...options.config, task: { concurrency: 1, ...options.config?.task } })
  const dir = base.registry.cacheDir
  mkdirSync(dir, { recursive: true })
  const list = join(dir, 'list.json')
  await Bun.write(list, JSON.stringify([{ name: 'Echo', endpoint: droplet.url }]))
  const config = { ...base, registry: { ...base.registry, url: `file://${list}` } }
  const driver = failing(
    inlineDriver(new SqliteHistory(new Connection(':memory:'), options.retention ?? RETENTION)),
    disk,
  )
  const store = storeOver(options.driver?.(driver) ?? driver, { clock, log, emit: events.emit })
  const engine = createEngine({
    config,
    ports: {
      ...{ clock, log },
      ...{ fetch: systemFetch, resolve: systemResolver() },
      newId: () => crypto.randomUUID(),
    },
    store,
    events,
    cache: memoryCache(),
    publicUrl: () => null,
    gate: (own) => options.gate ?? own,
  })
  await engine.recover()
  await engine.start()
  await engine.registry.refresh()
  const { tasks, metrics } = engine
  return {
    ...{ engine, tasks, metrics, droplet, clock, log, disk, store, events: told },
    /** Lists the droplet so from now on. */
    async move(entry: { name: string; endpoint: string; status?: string }) {
      await Bun.write(list, JSON.stringify([entry]))
      await engine.registry.refresh()
    },
    async [Symbol.asyncDispose]() {
      await droplet.stop()
      await engine.stop()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

function failing(driver: StoreDriver, disk: { full: boolean; commits: number }): StoreDriver {
  return {
    ...driver,
    async commit(...args) {
      if (disk.full) throw new Error('database or disk is full')
      disk.commits++
      return driver.commit(...args)
    },
  }
}
