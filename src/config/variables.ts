/**
 * Every environment variable that the service knows. Reading them, `orchestrator check`,
 * `.env.example` and the README's table all follow this list.
 */
import { LOG_LEVELS } from '../log.ts'
import { MAX_RETRIES } from '../task.ts'
import { boolean, host, nodeName, oneOf, seconds, share, wholeNumber, type Kind } from './kinds.ts'
import { destinations, networks, origins } from './lists.ts'
import { database } from './database.ts'
import { filePath, path } from './paths.ts'
import { signingSecrets } from './secrets.ts'
import { otlpHeaders } from './otlp.ts'
import { emptyOrHttpUrl, httpOrFileUrl, httpUrl } from './urls.ts'

export interface Variable<T> {
  readonly kind: Kind<T>
  /** As in an environment file. `<PORT>` stands for the value of PORT. */
  readonly default: string
  /** One or two sentences of Markdown, without `|`. */
  readonly description: string
  /**
   * If it is unset, its value depends on the machine. So setting it to its default may change
   * something.
   */
  readonly derived?: true
  /** Nobody is shown its value. */
  readonly secret?: true
}

const KIBIBYTE = 1024
const MEBIBYTE = 1024 * KIBIBYTE

/** In seconds. A timer can't wait longer than 24 days. */
const DAY = 86_400
const YEAR = 365 * DAY

export const VARIABLES = {
  HOST: variable(host, '0.0.0.0', 'Address to listen on.'),
  PORT: variable(
    wholeNumber(0, 65_535),
    '8001',
    'Port to listen on. 0 takes a free one and logs it.',
  ),
  PUBLIC_URL: derived(
    httpUrl,
    'http://localhost:<PORT>',
    'Where droplets, the Registry and browsers reach this service: what it registers as. With TLS, the default is `https:`.',
  ),
  TLS_CERT_FILE: variable(
    filePath,
    '',
    'PEM file with the certificate, and those between it and the root: to serve HTTPS. Needs `TLS_KEY_FILE`.',
  ),
  TLS_KEY_FILE: variable(filePath, '', 'PEM file with the private key of the certificate.'),
  AUTH_TOKENS_FILE: variable(
    filePath,
    '',
    'File with the tokens that may be used, made by `orchestrator token`; read again when it changes. Empty: the service is open to all.',
  ),
  CORS_ORIGINS: variable(
    origins,
    '',
    'Origins whose web pages may use the service, besides its own.',
  ),
  RATE_LIMIT: variable(
    wholeNumber(0, 1_000_000),
    '0',
    "Requests a second for each name in the tokens file, and for each client address without a valid token; two seconds' worth at once. 0 turns it off.",
  ),
  TRUST_PROXY: variable(networks, '', 'Addresses of proxies whose `X-Forwarded-For` is believed.'),
  REGISTRY_URL: variable(
    httpOrFileUrl,
    'http://localhost:8000',
    'The Registry, or `file:` and the path of a JSON file with the droplets.',
  ),
  REGISTRY_SYNC_INTERVAL: variable(
    seconds(0.1, DAY),
    '60',
    'Seconds from one sync with the Registry to the next.',
  ),
  REGISTRY_TIMEOUT: variable(
    seconds(0.001, 300),
    '5.0',
    'Seconds that the Registry has for an answer.',
  ),
  REGISTRY_CACHE_DIR: derived(
    path,
    '/var/cache/fpai',
    "Directory for the copy of the Registry's list. If unset and that one can't be written: `$CACHE_DIRECTORY`, then `~/.cache/fpai`.",
  ),
  REGISTRY_CACHE_EXPIRY: variable(
    seconds(0.1, YEAR, 'never'),
    '300',
    'Seconds after the last successful sync for which the kept list is good. 0 is for ever.',
  ),
  REGISTER_SELF: variable(
    boolean,
    'true',
    'Whether this service registers itself in the Registry.',
  ),
  DROPLET_PROBE_INTERVAL: variable(
    seconds(0.1, DAY, 'off'),
    '30',
    "Seconds from one look at each droplet's health to the next. 0 turns them off.",
  ),
  DROPLET_ALLOW: variable(
    destinations,
    '',
    'The only hosts that may be called, besides the Registry. Empty: all but link-local and metadata addresses, which must always be named.',
  ),
  DROPLET_SIGNING_SECRET: {
    ...variable(
      signingSecrets,
      '',
      'Secret with which requests to droplets are signed (Standard Webhooks): `whsec_…`. Two, separated by a comma, while it is changed.',
    ),
    secret: true as const,
  },
  DROPLET_SIGNING_SECRET_FILE: variable(
    filePath,
    '',
    'File with that secret, or both, in its place.',
  ),
  DROPLET_MAX_CONCURRENCY: variable(
    wholeNumber(1, 60_000),
    '256',
    'Requests to one droplet at once.',
  ),
  DROPLET_MAX_WAITING: variable(
    wholeNumber(0, 1_000_000),
    '1000',
    'Synchronous tasks that wait until one of these has ended; one more is refused as `OVERLOADED`.',
  ),
  BREAKER_THRESHOLD: variable(
    wholeNumber(0, 1000),
    '5',
    'Failures of a droplet in a row that open its circuit. 0 turns that off.',
  ),
  BREAKER_GRACE: variable(
    seconds(0, 3600),
    '30',
    'Seconds that an open circuit is waited for; then new synchronous tasks are refused at once.',
  ),
  TASK_TIMEOUT: variable(
    seconds(0.001, 600),
    '30',
    'Seconds that one attempt may take, for tasks without `timeout_ms`.',
  ),
  TASK_MAX_RETRIES: variable(
    wholeNumber(0, MAX_RETRIES),
    '3',
    'Retries after the first request, for tasks without `max_retries`.',
  ),
  TASK_MAX_HISTORY: variable(wholeNumber(1, 100_000_000), '10000', 'Finished tasks kept.'),
  TASK_HISTORY_TTL: variable(
    seconds(0.1, 100 * YEAR, 'no limit of age'),
    '0',
    'Seconds for which a finished task is kept. 0 is no limit of age.',
  ),
  TASK_MAX_RESPONSE_BYTES: variable(
    wholeNumber(1, 1024 * MEBIBYTE),
    '10485760',
    "Bytes of a droplet's answer that are read, compressed or not.",
  ),
  TASK_MAX_RUNNING: variable(
    wholeNumber(1, 60_000),
    '10000',
    'Requests to all droplets at once, and synchronous tasks that wait to send one; one more is refused as `OVERLOADED`.',
  ),
  TASK_CONCURRENCY: variable(wholeNumber(1, 10_000), '64', 'Asynchronous tasks that run at once.'),
  TASK_MAX_QUEUED: variable(
    wholeNumber(1, 10_000_000),
    '100000',
    'Asynchronous tasks that wait; one more is refused as `OVERLOADED`.',
  ),
  TASK_DB: derived(
    database,
    '/var/lib/fpai/orchestrator.db',
    "The SQLite file with the tasks; `:memory:` keeps nothing; `postgres://USER:PASSWORD@HOST:PORT/DATABASE` is a Postgres (14 or newer) that several nodes share. If unset and that directory can't be written: `orchestrator.db` in `$STATE_DIRECTORY`, then in `~/.local/state/fpai`.",
  ),
  TASK_LEASE: variable(
    seconds(2, 600),
    '30',
    'With Postgres: seconds after which the tasks of a node that is not heard of any more are taken by others. All nodes should have the same.',
  ),
  NODE_NAME: derived(
    nodeName,
    'localhost:<PORT>',
    "With Postgres: the name of this node, different from the others' names. If unset: the machine's name and the port.",
  ),
  // SQLite refuses a value over 1 GB, and a waiting task's payload is stored whole.
  MAX_BODY_BYTES: variable(
    wholeNumber(1, 256 * MEBIBYTE),
    '1048576',
    'Bytes of a request body that are accepted.',
  ),
  LOG_LEVEL: variable(oneOf(LOG_LEVELS), 'INFO', 'The least that is logged.'),
  LOG_FORMAT: derived(
    oneOf(['json', 'text']),
    'json',
    '`json`, an object a line, or `text`. If unset: `text` on a terminal.',
  ),
  METRICS_MAX_DROPLETS: variable(
    wholeNumber(0, 10_000),
    '200',
    'Droplets that have numbers of their own in the metrics for Prometheus; the rest share the name `other`.',
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: variable(
    emptyOrHttpUrl,
    '',
    'Where traces are sent (OTLP over HTTP, protobuf), without the `/v1/traces`. Empty: none are.',
  ),
  OTEL_EXPORTER_OTLP_HEADERS: {
    ...variable(
      otlpHeaders,
      '',
      'Headers for that, such as `authorization=Bearer%20abc`; values are percent-encoded.',
    ),
    secret: true,
  },
  OTEL_TRACES_SAMPLER_ARG: variable(
    share,
    '1',
    'Of the traces that begin here, the share that is sent, 0 to 1; the others tell droplets that they are not sampled. Of those of a caller, the caller decides.',
  ),
  SHUTDOWN_GRACE: variable(
    seconds(0, 3600),
    '30',
    'Seconds that running tasks have to finish after SIGTERM.',
  ),
}

export type VariableName = keyof typeof VARIABLES

export type Values = {
  readonly [N in VariableName]: (typeof VARIABLES)[N] extends Variable<infer T> ? T : never
}

export const VARIABLE_NAMES = Object.keys(VARIABLES) as VariableName[]

function variable<T>(kind: Kind<T>, fallback: string, description: string): Variable<T> {
  return { kind, default: fallback, description }
}

function derived<T>(kind: Kind<T>, fallback: string, description: string): Variable<T> {
  return { kind, default: fallback, description, derived: true }
}
