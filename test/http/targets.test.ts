/** What is recorded as a task's target is what its droplet gets. */
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { joinTarget } from '../../src/droplets/target.ts'
import { systemFetch } from '../../src/platform/fetch.ts'
import { allowRealTime } from '../support/eventually.ts'
import { anyPath, climbers } from '../support/hostile-paths.ts'
import { startOrchestrator } from '../support/orchestrator.ts'
import { json, scriptedServer } from '../support/scripted-server.ts'

allowRealTime()

test.each(['', '/base', '/base//x'])('whatever the path, below %j', async (base) => {
  await using droplet = scriptedServer(json(1))
  const init = { method: 'GET', headers: {}, signal: new AbortController().signal }
  let accepted = 0
  await fc.assert(
    fc.asyncProperty(anyPath, async (path) => {
      const target = joinTarget(droplet.url + base, path)
      if (!target.ok) return
      accepted++
      await (await systemFetch(target.url, init)).text()
      const sent = droplet.requests.at(-1)!.url
      expect(droplet.url + sent).toBe(target.url)
      expect(climbers(sent.split('?')[0]!.slice(base.length))).toEqual([])
    }),
    { numRuns: 3000 },
  )
  expect(accepted).toBeGreaterThan(300)
})

test.each(['/a/../b;x/%2e/c?d=%2e%2e/../é', '/a//b', '/a/..;/b'])('%j', async (path) => {
  await using droplet = scriptedServer(json(1))
  await using service = await startOrchestrator({ mesh: { echo: `${droplet.url}//base/` } })
  const { json: answer } = await service.submit({ path })
  expect(answer.target_url).toBe(droplet.url + droplet.requests[0]!.url)
})
