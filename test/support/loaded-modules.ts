/** A service that is started and stopped: prints how many modules of OpenTelemetry's SDK it has loaded. */
import { createOrchestrator } from '../../src/orchestrator.ts'
import { systemPorts } from '../../src/platform/system-ports.ts'
import { testConfig } from './config.ts'
import { recordingLog } from './log.ts'

const endpoint = process.argv[2] ?? null
const config = testConfig({ traces: { endpoint } })
const orchestrator = await createOrchestrator(config, systemPorts(recordingLog()))
await orchestrator.start()
await orchestrator.stop()
// prom-client loads the API, which does nothing.
const loaded = Object.keys(require.cache).filter((name) => /@opentelemetry\/(?!api\/)/.test(name))
console.log(JSON.stringify(loaded.length))
process.exit(0)
