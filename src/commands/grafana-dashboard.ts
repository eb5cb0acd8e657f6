/** The JSON of a Grafana dashboard. */
import { ROWS, type Panel, type Query, type Row, type States } from './grafana-rows.ts'

/** Grafana's grid. */
const COLUMNS = 24
const HEIGHT = { lines: 8, states: 8, number: 4 } as const

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' }

/** For Grafana 9 and later. */
export function grafanaDashboard(): object {
  return {
    uid: 'orchestrator',
    title: 'Orchestrator',
    tags: ['orchestrator'],
    schemaVersion: 37,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    timezone: 'browser',
    templating: { list: VARIABLES },
    annotations: { list: [RESTARTS] },
    panels: panelsOf(ROWS),
  }
}

const VARIABLES = [
  {
    name: 'datasource',
    label: 'Prometheus',
    type: 'datasource',
    query: 'prometheus',
    refresh: 1,
  },
  labelVariable('instance', 'Service', 'label_values(orchestrator_build_info, instance)'),
  labelVariable(
    'droplet',
    'Droplet',
    'label_values(orchestrator_tasks_total{instance=~"$instance"}, droplet)',
  ),
]

function labelVariable(name: string, label: string, definition: string): object {
  return {
    ...{ name, label, definition },
    type: 'query',
    datasource: DATASOURCE,
    query: { query: definition, refId: name },
    // Each time that the time range changes, too: droplets come and go.
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    // Else the names are put together to an expression, which grows with the mesh.
    allValue: '.*',
    current: { selected: true, text: ['All'], value: ['$__all'] },
  }
}

const RESTARTS = {
  name: 'Restarts',
  datasource: DATASOURCE,
  enable: true,
  iconColor: 'orange',
  expr: 'changes(process_start_time_seconds{instance=~"$instance"}[$__interval]) > 0',
  titleFormat: 'Restart of {{instance}}',
}

function panelsOf(rows: readonly Row[]): object[] {
  let y = 0
  let id = 1
  return rows.flatMap(({ title, panels }) => {
    const width = COLUMNS / panels.length
    const height = Math.max(...panels.map(({ kind }) => HEIGHT[kind]))
    const header = { id: id++, type: 'row', title, collapsed: false, panels: [], gridPos: place(y) }
    y++
    const placed = panels.map((panel, index) => ({
      id: id++,
      gridPos: { x: index * width, y, w: width, h: height },
      ...panelOf(panel),
    }))
    y += height
    return [header, ...placed]
  })
}

const place = (y: number) => ({ x: 0, y, w: COLUMNS, h: 1 })

function panelOf(panel: Panel): object {
  const { title, unit, queries } = panel
  return {
    title,
    datasource: DATASOURCE,
    targets: queries.map(targetOf),
    ...looksOf(panel, { unit, min: 0 }),
  }
}

function targetOf([expr, legendFormat]: Query, index: number): object {
  const refId = String.fromCharCode('A'.charCodeAt(0) + index)
  return { refId, datasource: DATASOURCE, expr, legendFormat, range: true, instant: false }
}

function looksOf({ kind, states, redFrom }: Panel, defaults: object): object {
  switch (kind) {
    case 'lines':
      return {
        type: 'timeseries',
        fieldConfig: { defaults: { ...defaults, custom: LINES }, overrides: [] },
        options: { tooltip: { mode: 'multi', sort: 'desc' }, legend: LEGEND },
      }
    case 'number':
      return {
        type: 'stat',
        fieldConfig: { defaults: { ...defaults, ...coloursOf(redFrom) }, overrides: [] },
        options: {
          graphMode: 'area',
          colorMode: 'value',
          reduceOptions: { calcs: ['lastNotNull'] },
        },
      }
    case 'states':
      return {
        type: 'state-timeline',
        fieldConfig: { defaults: { mappings: [mappingOf(states!)] }, overrides: [] },
        options: { mergeValues: true, showValue: 'auto', rowHeight: 0.9, legend: LEGEND },
      }
  }
}

function coloursOf(redFrom: number | undefined): object {
  const green = { color: 'green', value: null }
  const red = redFrom === undefined ? [] : [{ color: 'red', value: redFrom }]
  return {
    color: { mode: 'thresholds' },
    thresholds: { mode: 'absolute', steps: [green, ...red] },
  }
}

const LINES = { lineWidth: 1, fillOpacity: 10, showPoints: 'never', spanNulls: false }
const LEGEND = { showLegend: true, displayMode: 'list', placement: 'bottom' }

function mappingOf({ good, names }: States): object {
  const shown = (text: string, color: string) => ({ text, color })
  return {
    type: 'value',
    options: {
      [good]: shown(names[0], 'green'),
      [1 - good]: shown(names[1], 'red'),
    },
  }
}
