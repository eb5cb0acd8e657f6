/** What the dashboard of `orchestrator grafana` shows. */

/** What is asked of Prometheus, and what each answer is called. */
export type Query = readonly [expression: string, legend: string]

/** Grafana's names of them. */
type Unit = 's' | 'ops' | 'reqps' | 'percentunit' | 'bytes' | 'none'

export interface Panel {
  readonly title: string
  readonly kind: 'lines' | 'number' | 'states'
  readonly unit: Unit
  readonly queries: readonly Query[]
  /** Of a number: from where on it is red. */
  readonly redFrom?: number | undefined
  /** Of `states`, which are green or red: what they are called. */
  readonly states?: States
}

export interface States {
  /** The value that is green; the other one is red. */
  readonly good: 0 | 1
  readonly names: readonly [good: string, bad: string]
}

/** Its panels are of the same width. */
export interface Row {
  readonly title: string
  readonly panels: readonly Panel[]
}

const HERE = 'instance=~"$instance"'
const DROPLET = `${HERE}, droplet=~"$droplet"`
const RATE = '$__rate_interval'

const TASKS = `orchestrator_tasks_total{${DROPLET}}`
const FAILED = `orchestrator_tasks_total{${DROPLET}, status=~"error|timeout"}`
/** A cancelled task is neither a success nor a failure. */
const COUNTED = `orchestrator_tasks_total{${DROPLET}, status!="cancelled"}`
const ATTEMPT_BUCKETS = `orchestrator_attempt_duration_seconds_bucket{${DROPLET}}`
const TASK_BUCKETS = `orchestrator_task_duration_seconds_bucket{${DROPLET}}`
const AGE = 'orchestrator_oldest_task_age_seconds'
/** As AGE, of tasks that no node has. Each node tells it. */
const SHARED_AGE = 'orchestrator_shared_oldest_task_age_seconds'
/** Of services that share a Postgres: no others have the label. */
const SHARING = `${HERE}, node!=""`
const REQUESTS = `http_server_request_duration_seconds_count{${HERE}}`
const REQUEST_BUCKETS = `http_server_request_duration_seconds_bucket{${HERE}}`

function lines(title: string, unit: Unit, ...queries: Query[]): Panel {
  return { title, kind: 'lines', unit, queries }
}

function number(title: string, unit: Unit, expression: string, redFrom?: number): Panel {
  return { title, kind: 'number', unit, queries: [[expression, title]], redFrom }
}

function states(title: string, query: Query, good: 0 | 1, ...names: States['names']): Panel {
  return { title, kind: 'states', unit: 'none', queries: [query], states: { good, names } }
}

const rate = (series: string) => `sum(rate(${series}[${RATE}]))`

const rateBy = (labels: string, series: string) => `sum by (${labels}) (rate(${series}[${RATE}]))`

/** Of each service, by its address. */
const ofEach = (name: string): Query => [`${name}{${HERE}}`, '{{instance}}']

const quantile = (rank: number, buckets: string, labels = 'le') =>
  `histogram_quantile(${rank}, ${rateBy(labels, buckets)})`

const quantiles = (buckets: string) =>
  [0.5, 0.95, 0.99].map((rank): Query => [quantile(rank, buckets), `p${rank * 100}`])

export const ROWS: readonly Row[] = [
  {
    title: 'Now',
    panels: [
      number('Tasks a second', 'ops', rate(TASKS)),
      number('Failed tasks', 'percentunit', `${rate(FAILED)} / ${rate(COUNTED)}`, 0.1),
      number('Oldest waiting task', 's', `max({__name__=~"${AGE}|${SHARED_AGE}", ${HERE}})`, 60),
      number(
        'Droplets away',
        'none',
        // Each service looks for itself: a droplet is one, however many say so.
        `sum(min by (droplet) (orchestrator_droplet_reachable{${DROPLET}}) == bool 0)`,
        1,
      ),
      number('Open circuits', 'none', `sum(orchestrator_circuits_open{${HERE}})`, 1),
      number('Services', 'none', `count(orchestrator_build_info{${HERE}})`),
    ],
  },
  {
    title: 'Traffic',
    panels: [
      lines('Tasks ended, by status', 'ops', [rateBy('status', TASKS), '{{status}}']),
      lines('Tasks ended, by droplet', 'ops', [rateBy('droplet', TASKS), '{{droplet}}']),
      lines('Failed tasks, by droplet', 'percentunit', [
        `${rateBy('droplet', FAILED)} / ${rateBy('droplet', COUNTED)}`,
        '{{droplet}}',
      ]),
    ],
  },
  {
    title: 'Attempts',
    panels: [
      lines('Attempts, by outcome', 'reqps', [
        rateBy('outcome', `orchestrator_attempts_total{${DROPLET}}`),
        '{{outcome}}',
      ]),
      lines(
        'Retries, and how tasks with one ended',
        'ops',
        [rate(`orchestrator_retries_total{${HERE}}`), 'retries'],
        [rateBy('result', `orchestrator_retried_tasks_total{${HERE}}`), '{{result}}'],
      ),
      lines('Refused at the gate', 'ops', [
        rateBy('reason', `orchestrator_gate_refusals_total{${HERE}}`),
        '{{reason}}',
      ]),
    ],
  },
  {
    title: 'Latency',
    panels: [
      lines('Tasks, with their retries and waits', 's', ...quantiles(TASK_BUCKETS)),
      lines('Attempts', 's', ...quantiles(ATTEMPT_BUCKETS)),
      lines('Attempts, p95 by droplet', 's', [
        quantile(0.95, ATTEMPT_BUCKETS, 'le, droplet'),
        '{{droplet}}',
      ]),
    ],
  },
  {
    title: 'Droplets',
    panels: [
      states(
        'Reachable',
        [`min by (droplet) (orchestrator_droplet_reachable{${DROPLET}})`, '{{droplet}}'],
        1,
        'answers',
        'away',
      ),
      states(
        'Circuit',
        [`max by (droplet) (orchestrator_circuit_state{${DROPLET}})`, '{{droplet}}'],
        0,
        'closed',
        'open',
      ),
    ],
  },
  {
    title: 'Queue',
    panels: [
      lines('Tasks that wait or run', 'none', [
        `sum by (state) (orchestrator_queue_depth{${HERE}})`,
        '{{state}}',
      ]),
      lines('How long the oldest one is due', 's', ofEach(AGE), [
        `max(${SHARED_AGE}{${HERE}})`,
        'no node has it',
      ]),
    ],
  },
  {
    title: 'Nodes that share a Postgres',
    panels: [
      // Each of them tells of the same tasks.
      lines('Tasks that wait and that no node has', 'none', [
        `max(orchestrator_shared_queue_depth{${HERE}})`,
        'tasks',
      ]),
      lines('Tasks that a node has', 'none', [
        `sum by (node) (orchestrator_queue_depth{${SHARING}})`,
        '{{node}}',
      ]),
      lines('Tasks ended, by node', 'ops', [
        rateBy('node', `orchestrator_tasks_total{${SHARING}, droplet=~"$droplet"}`),
        '{{node}}',
      ]),
      lines('Requests, by node', 'reqps', [
        rateBy('node', `http_server_request_duration_seconds_count{${SHARING}}`),
        '{{node}}',
      ]),
    ],
  },
  {
    title: 'Registry',
    panels: [
      states(
        'List of droplets',
        [`orchestrator_registry_cache_status{${HERE}, status="active"}`, '{{instance}}'],
        1,
        'active',
        'stale or unavailable',
      ),
      lines('Age of the list', 's', ofEach('orchestrator_registry_cache_age_seconds')),
      lines('Syncs', 'ops', [
        rateBy('result', `orchestrator_registry_syncs_total{${HERE}}`),
        '{{result}}',
      ]),
      lines(
        'Droplets',
        'none',
        [`orchestrator_registry_droplets{${HERE}}`, '{{instance}}: listed'],
        [`orchestrator_registry_droplets_reachable{${HERE}}`, '{{instance}}: reachable'],
      ),
    ],
  },
  {
    title: 'Store',
    panels: [
      states('Disk', ofEach('orchestrator_store_writable'), 1, 'writable', 'not writable'),
      lines(
        'Commits and writes',
        'ops',
        [rate(`orchestrator_store_commits_total{${HERE}}`), 'commits'],
        [rate(`orchestrator_store_writes_total{${HERE}}`), 'writes'],
      ),
      lines('Failed commits', 'ops', [
        rate(`orchestrator_store_failures_total{${HERE}}`),
        'failures',
      ]),
    ],
  },
  {
    title: 'HTTP',
    panels: [
      lines('Requests, by route', 'reqps', [
        rateBy('http_request_method, http_route', REQUESTS),
        '{{http_request_method}} {{http_route}}',
      ]),
      lines('Requests, by status', 'reqps', [
        rateBy('http_response_status_code', REQUESTS),
        '{{http_response_status_code}}',
      ]),
      lines('How long they took', 's', ...quantiles(REQUEST_BUCKETS)),
    ],
  },
  {
    title: 'Process',
    panels: [
      lines('Processor cores in use', 'none', [
        `rate(process_cpu_seconds_total{${HERE}}[${RATE}])`,
        '{{instance}}',
      ]),
      lines('Resident memory', 'bytes', ofEach('process_resident_memory_bytes')),
      lines('Event loop lag', 's', ofEach('orchestrator_event_loop_lag_seconds')),
    ],
  },
]
