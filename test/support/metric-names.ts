/** The metrics that expressions of PromQL name. */

export const SHARED_QUEUE = 'orchestrator_shared_queue_depth'
/** Those that only nodes tell that share a Postgres. */
export const SHARED_METRICS = [SHARED_QUEUE, 'orchestrator_shared_oldest_task_age_seconds']

/** Without `up`, which is Prometheus's own. */
export function metricNames(expression: string): string[] {
  return [...expression.matchAll(/\b(?:orchestrator|http_server|process)_\w+/g)].map(
    ([name]) => name,
  )
}

export interface Panel {
  id: number
  type: string
  title: string
  gridPos: { x: number; y: number; w: number; h: number }
  targets?: { refId: string; expr: string; legendFormat: string }[]
}

/** Whether the expression has an answer only where several nodes share a Postgres. */
export function isOfNodes(expression: string): boolean {
  const names = metricNames(expression)
  const areShared = names.length > 0 && names.every((name) => SHARED_METRICS.includes(name))
  return areShared || expression.includes('node!=""')
}

/** The expressions of a Grafana dashboard, with all services and droplets chosen. */
export function dashboardQueries(panels: readonly Panel[]): string[] {
  return panels.flatMap(({ targets = [] }) =>
    targets.map(({ expr }) =>
      expr.replaceAll(/\$(instance|droplet)/g, '.*').replaceAll('$__rate_interval', '1m'),
    ),
  )
}
