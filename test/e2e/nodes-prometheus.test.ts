/** The real Prometheus scrapes two nodes over one Postgres: what the dashboard makes of both. */
import { expect, test } from 'bun:test'
import { runBinary } from '../support/binary.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { dashboardQueries, isOfNodes, SHARED_QUEUE, type Panel } from '../support/metric-names.ts'
import { LONG_LEASE, nodesOver } from '../support/nodes.ts'
import { createDatabase, hasPostgres, withPostgres } from '../support/postgres.ts'
import { hasPrometheus, startPrometheus, withPrometheus } from '../support/prometheus.ts'
import { hang, json, scriptedServer } from '../support/scripted-server.ts'

allowRealTime()

const LATER = { delay_seconds: 3600 }
const ASYNC = { prefer: 'respond-async' }

const configOf = (urls: readonly string[]) => `
global: { scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 1s }
rule_files: [orchestrator.rules.yml]
scrape_configs:
  - job_name: orchestrator
    metrics_path: /orchestrator/metrics
    static_configs: [{ targets: ${JSON.stringify(urls.map((url) => new URL(url).host))} }]
`

test.skipIf(!hasPostgres || !hasPrometheus)(
  `what both nodes tell counts once, what each does adds up${withPostgres || withPrometheus}`,
  async () => {
    await using echo = scriptedServer(json({ fine: true }))
    await using slow = scriptedServer(hang)
    await using database = await createDatabase()
    const mesh = { echo: echo.url, slow: slow.url, gone: 'http://127.0.0.1:1' }
    await using nodes = nodesOver(database.url, mesh, { ...LONG_LEASE, TASK_CONCURRENCY: '1' })
    const both = await Promise.all([nodes.start('a'), nodes.start('b')])
    await using prometheus = await startPrometheus(configOf(both.map(({ url }) => url)), {
      'orchestrator.rules.yml': (await runBinary(['alerts'])).stdout,
    })
    const { panels } = JSON.parse((await runBinary(['grafana'])).stdout) as { panels: Panel[] }
    const queriesOf = (title: string) =>
      dashboardQueries(panels.filter((panel) => panel.title === title))
    const values = async (query: string) =>
      (await prometheus.query(query)).map(({ value }) => value)
    const shown = (title: string, wanted: number) =>
      eventually(`${title}: ${wanted}`, async () => {
        const [only, ...others] = await values(queriesOf(title)[0]!)
        return only === wanted && others.length === 0
      })

    for (const node of both) {
      await node.submit()
      await node.submit({ droplet_name: 'gone', max_retries: 0 })
    }
    // Nobody keeps what is due so late.
    for (let n = 0; n < 3; n++) await both[0]!.submit(LATER, ASYNC)
    await eventually('both tell of it', async () => {
      return Bun.deepEquals(await values(SHARED_QUEUE), [3, 3])
    })
    await shown('Tasks that wait and that no node has', 3)
    const ofNoNode = queriesOf('How long the oldest one is due')[1]!
    expect(await values(ofNoNode)).toEqual([0])
    for (let n = 0; n < 10; n++) await both[0]!.submit({ droplet_name: 'slow' }, ASYNC)
    await eventually('more are due than both take', async () => {
      return (await values(ofNoNode)).some((seconds) => seconds > 0)
    })
    await shown('Droplets away', 1)
    await shown('Services', 2)
    for (const query of dashboardQueries(panels)) {
      await eventually(query, async () => (await prometheus.query(query)).length > 0)
    }
    const byNode = dashboardQueries(panels).filter((query) => query.startsWith('sum by (node)'))
    expect(byNode.length).toBeGreaterThan(2)
    expect(byNode.every(isOfNodes)).toBe(true)
    for (const query of byNode) {
      await eventually(`of both nodes: ${query}`, async () => {
        const names = (await prometheus.query(query)).map(({ labels }) => labels.node)
        return Bun.deepEquals(names.sort(), ['a', 'b'])
      })
    }
    await eventually('each finds that the droplet is down', async () => {
      const { alerts } = (await prometheus.api('alerts')) as { alerts: Alert[] }
      return Bun.deepEquals(alerts.filter(isOfDroplet).map(nodeOf).sort(), ['a', 'b'])
    })
  },
)

interface Alert {
  labels: { alertname: string; node?: string }
}

const isOfDroplet = ({ labels }: Alert) => labels.alertname === 'OrchestratorDropletDown'
const nodeOf = ({ labels }: Alert) => labels.node
