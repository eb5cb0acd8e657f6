/** A service that is started and stopped: prints which modules of OpenTelemetry that has loaded. */
import { createOrchestrator } from '../../src/orchestrator.ts'
import { systemPorts } from '../../src/platform/system-ports.ts'
import { testConfig } from './config.ts'
import { recordingLog } from './log.ts'

const endpoint = process.argv[2] ?? null
const config = testConfig({ traces: { endpoint } })
const orchestrator = await createOrchestrator(config, systemPorts(recordingLog()))
await orchestrator.start()
await orchestrator.stop()
const loaded = Object.keys(require.cache).filter((name) => name.includes('@opentelemetry'))
console.log(JSON.stringify(loaded.length))
process.exit(0)
