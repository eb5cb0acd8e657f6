/** Signed requests, as Standard Webhooks has them: https://www.standardwebhooks.com */
import { createHmac } from 'node:crypto'

/** `timestamp`: Unix seconds. `body`: as it is sent; empty without one. Returns three headers. */
export type Sign = (id: string, timestamp: number, body: string) => Record<string, string>

/** `secrets`: `whsec_` and the key in base64, each of which signs; null without one. */
export function createSign(secrets: readonly string[]): Sign | null {
  const keys = secrets.map((secret) => Buffer.from(secret.slice('whsec_'.length), 'base64'))
  if (keys.length === 0) return null
  return (id, timestamp, body) => {
    const content = `${id}.${timestamp}.${body}`
    const signatures = keys.map((key) => createHmac('sha256', key).update(content).digest('base64'))
    return {
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signatures.map((signature) => `v1,${signature}`).join(' '),
    }
  }
}
