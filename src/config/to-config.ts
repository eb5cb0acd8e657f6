/** From the values of the variables to the settings by their parts. */
import type { Config } from './config.ts'
import type { Environment } from './source.ts'
import type { Values } from './variables.ts'

/** `env`: for what was left out, where that makes a difference. */
export function toConfig(values: Values, env: Environment): Config {
  return deepFreeze({
    host: values.HOST,
    port: values.PORT,
    nodeName: values.NODE_NAME,
    publicUrl: env.PUBLIC_URL ? values.PUBLIC_URL : null,
    tls: { certFile: values.TLS_CERT_FILE, keyFile: values.TLS_KEY_FILE },
    access: {
      tokensFile: values.AUTH_TOKENS_FILE,
      corsOrigins: values.CORS_ORIGINS,
      rateLimit: values.RATE_LIMIT,
      trustProxy: values.TRUST_PROXY,
    },
    registry: {
      url: values.REGISTRY_URL,
      syncIntervalMs: values.REGISTRY_SYNC_INTERVAL,
      timeoutMs: values.REGISTRY_TIMEOUT,
      cacheDir: values.REGISTRY_CACHE_DIR,
      cacheExpiryMs: values.REGISTRY_CACHE_EXPIRY,
      registerSelf: values.REGISTER_SELF,
    },
    probeIntervalMs: values.DROPLET_PROBE_INTERVAL,
    droplets: {
      allow: values.DROPLET_ALLOW,
      maxConcurrency: values.DROPLET_MAX_CONCURRENCY,
      maxWaiting: values.DROPLET_MAX_WAITING,
      breakerThreshold: values.BREAKER_THRESHOLD,
      breakerGraceMs: values.BREAKER_GRACE,
      signingSecrets: values.DROPLET_SIGNING_SECRET,
      signingSecretFile: values.DROPLET_SIGNING_SECRET_FILE,
    },
    task: taskSettings(values),
    maxBodyBytes: values.MAX_BODY_BYTES,
    log: { level: values.LOG_LEVEL, format: values.LOG_FORMAT },
    metricsMaxDroplets: values.METRICS_MAX_DROPLETS,
    traces: {
      endpoint: values.OTEL_EXPORTER_OTLP_ENDPOINT,
      headers: values.OTEL_EXPORTER_OTLP_HEADERS,
      share: values.OTEL_TRACES_SAMPLER_ARG,
    },
    shutdownGraceMs: values.SHUTDOWN_GRACE,
  })
}

function taskSettings(values: Values): Config['task'] {
  return {
    timeoutMs: values.TASK_TIMEOUT,
    maxRetries: values.TASK_MAX_RETRIES,
    maxHistory: values.TASK_MAX_HISTORY,
    historyTtlMs: values.TASK_HISTORY_TTL,
    maxResponseBytes: values.TASK_MAX_RESPONSE_BYTES,
    maxRunning: values.TASK_MAX_RUNNING,
    concurrency: values.TASK_CONCURRENCY,
    maxQueued: values.TASK_MAX_QUEUED,
    db: values.TASK_DB,
    leaseMs: values.TASK_LEASE,
  }
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) {
    if (typeof part === 'object' && part !== null) deepFreeze(part)
  }
  return Object.freeze(value)
}
