/** What it takes of the machine to start and to be idle. `bun run bench` has the times. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'bun:test'
import { binaryPath } from '../support/binary.ts'
import { serviceHome } from '../support/binary-service.ts'
import { allowRealTime } from '../support/eventually.ts'
import { hang, scriptedServer } from '../support/scripted-server.ts'

allowRealTime()

const TRIES = 5
/** In runs of `--version`, which loads the same binary. It needs 2; 10 would be some 400 ms. */
const START_COST = 8
const IDLE_MB = 90

/** The best of a few tries: the limits are the service's, the noise is the machine's. */
async function best(limit: number, measure: () => Promise<number>): Promise<number> {
  let least = Infinity
  for (let n = 0; n < TRIES && least >= limit; n++) least = Math.min(least, await measure())
  return least
}

/** CPU time: unlike elapsed time, it does not grow while the machine is busy. */
function cpuMsOfVersion(): number {
  const { resourceUsage } = Bun.spawnSync([binaryPath(), '--version'], { env: {} })
  return Number(resourceUsage.cpuTime.total) / 1000
}

/** CPU time of a process so far; Linux counts it in hundredths of a second. */
function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

test('healthy before the Registry has answered', async () => {
  await using registry = scriptedServer(hang)
  using home = serviceHome()
  await using service = await home.start({ REGISTRY_URL: registry.url })
  await registry.received(1)
  expect((await service.get('/orchestrator/health')).status).toBe(200)
  expect(service.log('the sync with the Registry failed')).toEqual([])
})

test(`healthy for less CPU time than ${START_COST} runs of --version`, async () => {
  const cost = await best(START_COST, async () => {
    using home = serviceHome()
    await using service = await home.start()
    return cpuMsOf(service.pid) / cpuMsOfVersion()
  })
  expect(cost).toBeLessThan(START_COST)
})

test(`idle in less than ${IDLE_MB} MB`, async () => {
  const mb = await best(IDLE_MB, async () => {
    using home = serviceHome({})
    await using service = await home.start()
    return service.rssMb()
  })
  expect(mb).toBeLessThan(IDLE_MB)
})
