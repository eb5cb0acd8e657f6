/**
 * The service without a database: nothing is packed, sent to a thread, written or synced.
 * `COMMIT_MS`: how long a commit waits instead; 0: not at all.
 */
import { loadConfig } from '../../../src/config/config.ts'
import { createOrchestrator } from '../../../src/orchestrator.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { startHttpClient } from '../../../src/platform/fetch.ts'
import { LineWriter } from '../../../src/platform/line-writer.ts'
import { systemLog } from '../../../src/platform/log.ts'
import { nonBlockingOutput } from '../../../src/platform/non-blocking-output.ts'
import { systemPorts } from '../../../src/platform/system-ports.ts'
import type { StoreDriver } from '../../../src/store/driver.ts'

const commitMs = Number(process.env.COMMIT_MS)

const nothing: StoreDriver = {
  commit: commitMs > 0 ? () => Bun.sleep(commitMs).then(() => []) : async () => [],
  catchUp: async () => [],
  trim: async () => false,
  find: async () => null,
  findByKey: async () => null,
  claim: async () => [],
  list: async () => null,
  movedFile: async () => null,
  close: async () => {},
}

const writable = (path: string) => path !== ''
const world = { writable, isTerminal: false, home: '/', cwd: process.cwd() }
const loaded = loadConfig(process.env, world)
if (!loaded.ok) throw new Error('its settings are refused')
const writer = new LineWriter(nonBlockingOutput(1), systemClock)
const ports = systemPorts(systemLog(loaded.config.log, systemClock, writer))
await startHttpClient()
const service = await createOrchestrator(loaded.config, ports, async () => nothing)
await service.start()
process.on('SIGTERM', () => void service.stop().then(() => process.exit(0)))
