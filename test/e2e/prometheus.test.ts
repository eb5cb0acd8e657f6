/** The real Prometheus scrapes the binary, over TLS and with a token, as the README says. */
import { expect, test } from 'bun:test'
import { runBinary } from '../support/binary.ts'
import { serviceHome } from '../support/binary-service.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { dashboardQueries, isOfNodes, type Panel } from '../support/metric-names.ts'
import { readMetricsPage } from '../support/metrics-page.ts'
import { pemFiles } from '../support/pem-files.ts'
import { hasPrometheus, promtool, startPrometheus, withPrometheus } from '../support/prometheus.ts'
import { README } from '../support/readme.ts'
import { json, scriptedServer } from '../support/scripted-server.ts'
import { CERTIFICATE } from '../support/self-signed.ts'
import { tokensFile } from '../support/tokens-file.ts'

allowRealTime()

async function printed(command: string): Promise<string> {
  const { code, stdout, stderr } = await runBinary([command])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}

/** The block of the README, for a service at this address, asked all the time. */
function readmeConfig(target: string): string {
  const [, block] = /^```yaml\n(rule_files[^]*?)^```$/m.exec(README)!
  expect(block).toContain('orchestrator.example:8001')
  const often =
    'global: { scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 1s }\n'
  return often + block!.replace('orchestrator.example:8001', target)
}

/** The binary with tokens and a certificate, and a droplet with names that are hard to write. */
async function startService() {
  const droplet = scriptedServer(json({ fine: true }))
  const mesh = { Echo: droplet.url, 'a"b\\\n—漢': droplet.url, gone: 'http://127.0.0.1:1' }
  const home = serviceHome(mesh)
  const tokens = tokensFile({
    prometheus: { scopes: ['admin'], droplets: ['none'] },
    ci: 'tasks:write',
  })
  const files = pemFiles()
  const service = home.launch({
    AUTH_TOKENS_FILE: tokens.path,
    TLS_CERT_FILE: files.certFile,
    TLS_KEY_FILE: files.keyFile,
  })
  const line = await eventually('listening', () =>
    service.stdout.split('\n').find((each) => each.includes('"listening"')),
  )
  const target = `localhost:${new URL((JSON.parse(line) as { url: string }).url).port}`
  const call = (path: string, init: RequestInit = {}) =>
    fetch(`https://${target}/orchestrator${path}`, { tls: { ca: CERTIFICATE }, ...init })
  const submit = (droplet_name: string) =>
    call('/tasks', {
      method: 'POST',
      headers: { ...tokens.bearer('ci'), 'content-type': 'application/json' },
      body: JSON.stringify({ droplet_name, path: '/', max_retries: 0 }),
    })
  await eventually('ready', async () => (await call('/ready')).ok)
  return {
    ...{ target, tokens, call, submit, droplets: Object.keys(mesh), certFile: files.certFile },
    async [Symbol.asyncDispose]() {
      await service.stop()
      await droplet.stop()
      for (const each of [home, tokens, files]) each[Symbol.dispose]()
    },
  }
}

test.skipIf(!hasPrometheus)(`the README's configuration works${withPrometheus}`, async () => {
  await using service = await startService()
  await using prometheus = await startPrometheus(readmeConfig(service.target), {
    'orchestrator.token': service.tokens.tokens.prometheus,
    'orchestrator.ca.pem': CERTIFICATE,
    'orchestrator.rules.yml': await printed('alerts'),
  })
  const value = async (expression: string) => (await prometheus.query(expression))[0]?.value
  const becomes = (expression: string, wanted: number) =>
    eventually(`${expression} is ${wanted}`, async () => (await value(expression)) === wanted)

  await becomes('up{job="orchestrator"}', 1)
  for (const name of [...service.droplets, 'Echo']) await service.submit(name)
  await becomes('sum(orchestrator_tasks_total{status="success"})', 3)
  await becomes('orchestrator_tasks_total{droplet="a\\"b\\\\\\n—漢", status="success"}', 1)
  await becomes('orchestrator_attempts_total{droplet="gone", outcome="unreachable"}', 1)
  await becomes('sum(orchestrator_task_duration_seconds_bucket{le="+Inf"})', 4)
  // Only OpenMetrics tells units.
  const metadata = await prometheus.api('metadata', {
    metric: 'orchestrator_task_duration_seconds',
  })
  expect(metadata.orchestrator_task_duration_seconds).toMatchObject([
    { type: 'histogram', unit: 'seconds' },
  ])

  const { panels } = JSON.parse(await printed('grafana')) as { panels: Panel[] }
  const queries = dashboardQueries(panels)
  // A rate needs two scrapes.
  for (const query of queries.filter((each) => !isOfNodes(each))) {
    await eventually(query, async () => (await prometheus.query(query)).length > 0)
  }
  for (const query of queries.filter(isOfNodes)) {
    expect(await prometheus.query(query)).toEqual([])
  }

  const { groups } = await eventually('the rules were evaluated', async () => {
    const found = await prometheus.api('rules')
    const all = found.groups.flatMap(({ rules }: { rules: { health: string }[] }) => rules)
    return all.length > 0 && all.every(({ health }: { health: string }) => health === 'ok') && found
  })
  expect(groups[0].rules.length).toBeGreaterThan(8)
})

test('the command line shows what Prometheus gets', async () => {
  await using service = await startService()
  for (const name of service.droplets) await service.submit(name)
  const env = {
    ORCHESTRATOR_URL: `https://${service.target}`,
    ORCHESTRATOR_TOKEN: service.tokens.tokens.prometheus,
    NODE_EXTRA_CA_CERTS: service.certFile,
  }
  const { code, stdout, stderr } = await runBinary(['metrics', '--prometheus'], { env })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const page = readMetricsPage(stdout)
  expect(page.value('orchestrator_tasks_total', { droplet: 'Echo', status: 'success' })).toBe(1)
  expect(stdout).toEndWith('\n# EOF\n')
})

test.skipIf(!hasPrometheus)(
  `promtool finds nothing in the text form${withPrometheus}`,
  async () => {
    await using service = await startService()
    for (const name of service.droplets) await service.submit(name)
    const headers = { ...service.tokens.bearer('prometheus'), accept: 'text/plain;version=0.0.4' }
    const page = await (await service.call('/metrics', { headers })).text()
    expect(page).toContain('orchestrator_tasks_total{droplet="gone",status="error"} 1')
    const { code, stdout, stderr } = await promtool(['check', 'metrics'], {}, page)
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' })
    const bad = await promtool(['check', 'metrics'], {}, page.replaceAll('_total', ''))
    expect(bad.code).not.toBe(0)
  },
)
