/** `orchestrator grafana` and `orchestrator alerts`: they ask for what there is. */
import { expect, test } from 'bun:test'
import { alerts } from '../../src/commands/alerts.ts'
import { grafana } from '../../src/commands/grafana.ts'
import { scriptedIo } from '../support/command-io.ts'
import { allowRealTime } from '../support/eventually.ts'
import {
  isOfNodes,
  metricNames,
  SHARED_METRICS,
  SHARED_QUEUE,
  type Panel,
} from '../support/metric-names.ts'
import { readMetricsPage } from '../support/metrics-page.ts'
import { startOrchestrator } from '../support/orchestrator.ts'
import { hasPrometheus, promtool, withPrometheus } from '../support/prometheus.ts'
import { README } from '../support/readme.ts'
import { json, scriptedServer } from '../support/scripted-server.ts'

allowRealTime()

interface Dashboard {
  uid: string
  templating: { list: { name: string; type: string; definition?: string }[] }
  annotations: { list: { expr: string }[] }
  panels: Panel[]
}

interface Rule {
  alert: string
  expr: string
  labels: { severity: string }
  annotations: { summary: string; description: string; runbook: string }
}

async function printed(command: typeof grafana): Promise<string> {
  const io = scriptedIo()
  expect(await command([], io)).toBe(0)
  expect(io.err).toBe('')
  return io.out
}

const dashboard = JSON.parse(await printed(grafana)) as Dashboard
const alertsText = await printed(alerts)
const { groups } = Bun.YAML.parse(alertsText) as { groups: { rules: Rule[] }[] }
const rules = groups.flatMap((group) => group.rules)

test('each metric that they name is in a scrape', async () => {
  await using upstream = scriptedServer(json(1))
  await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
  await service.submit()
  const headers = { accept: 'application/openmetrics-text' }
  const { text } = await service.get('/orchestrator/metrics', headers)
  const known = new Set(readMetricsPage(text).lines.map(({ name }) => name))
  // Only where several nodes share a Postgres: test/e2e/nodes-prometheus.test.ts scrapes it there.
  for (const name of SHARED_METRICS) {
    expect(known).not.toContain(name)
    known.add(name)
  }
  const expressions = [
    ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...dashboard.annotations.list.map(({ expr }) => expr),
    ...dashboard.templating.list.map(({ definition = '' }) => definition),
    ...rules.map(({ expr }) => expr),
    ...README.slice(README.indexOf('\n## Metrics'), README.indexOf('\n## Troubleshooting'))
      .matchAll(/^\| `([a-z_]+)`/gm)
      .map(([, name]) => name!),
  ]
  const named = new Set(expressions.flatMap(metricNames))
  const withParts = (name: string) => [name, `${name}_count`]
  expect([...named].filter((name) => !withParts(name).some((each) => known.has(each)))).toEqual([])
  expect(named.size).toBeGreaterThan(25)
})

test.each([
  [`max(${SHARED_QUEUE})`, true],
  ['sum by (node) (orchestrator_queue_depth{node!=""})', true],
  [`orchestrator_queue_depth + ${SHARED_QUEUE}`, false],
  ['count(up == 1)', false],
])('whether only several nodes answer it is told by the metrics that it names: %s', (query, is) => {
  expect(isOfNodes(query)).toBe(is)
})

test('no panels overlap, and each has an id and queries of its own', () => {
  const { panels } = dashboard
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
  const cells = new Set<string>()
  for (const { type, title, gridPos, targets } of panels) {
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(cells).not.toContain(`${x} ${y}`)
        cells.add(`${x} ${y}`)
      }
    }
    if (type === 'row') continue
    expect(title).not.toBe('')
    expect(new Set(targets!.map(({ refId }) => refId)).size).toBe(targets!.length)
  }
  expect(panels.filter(({ type }) => type === 'row').map(({ title }) => title)).toEqual(
    expect.arrayContaining([
      'Traffic',
      'Latency',
      'Droplets',
      'Queue',
      'Registry',
      'Store',
      'HTTP',
    ]),
  )
  expect(dashboard.templating.list.map(({ name }) => name)).toEqual([
    'datasource',
    'instance',
    'droplet',
  ])
})

test('each alert says what to do, and where that stands', () => {
  const headings = [...README.matchAll(/^##+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  )
  for (const { labels, annotations } of rules) {
    expect(['warning', 'critical']).toContain(labels.severity)
    expect(annotations.summary).not.toBeEmpty()
    expect(annotations.description).not.toBeEmpty()
    const [, anchor] = /^README\.md#(.+)$/.exec(annotations.runbook)!
    expect(headings).toContain(anchor!)
  }
})

test('they take no arguments', async () => {
  for (const command of [grafana, alerts]) {
    const io = scriptedIo()
    expect(await command(['x'], io)).toBe(64)
    expect([io.out, io.err]).toEqual(['', expect.stringContaining('Usage: orchestrator')])
  }
})

test.skipIf(!hasPrometheus)(`promtool takes the rules${withPrometheus}`, async () => {
  const { code, stderr } = await promtool(['check', 'rules', 'alerts.yaml'], {
    'alerts.yaml': alertsText,
  })
  expect([code, stderr]).toEqual([0, ''])
})

test.skipIf(!hasPrometheus)(`the alerts fire when they should${withPrometheus}`, async () => {
  const cases = await Bun.file(new URL('alerts.promtool.yaml', import.meta.url)).text()
  const { code, stdout, stderr } = await promtool(['test', 'rules', 'cases.yaml'], {
    'alerts.yaml': alertsText,
    'cases.yaml': cases,
  })
  expect([code, stderr, stdout]).toEqual([0, '', expect.stringContaining('SUCCESS')])
  const { tests } = Bun.YAML.parse(cases) as {
    tests: { alert_rule_test: { alertname: string }[] }[]
  }
  const tried = new Set(
    tests.flatMap((each) => each.alert_rule_test.map(({ alertname }) => alertname)),
  )
  expect([...tried].sort()).toEqual(rules.map(({ alert }) => alert).sort())
})
