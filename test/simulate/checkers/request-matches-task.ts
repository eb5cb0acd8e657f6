/** The droplet gets what the caller submitted, under the task's own Idempotency-Key. */
import type { Checker } from '../check/checker.ts'

export function requestMatchesTask(): Checker {
  return {
    sent({ request: { task }, url, init }) {
      const row = task.row!
      if (url !== row.target_url) return `it goes to ${url}, and not to ${row.target_url}`
      if (init.method !== row.method) return `its method is ${init.method}, and not ${row.method}`
      if (init.headers['idempotency-key'] !== task.id) return 'it has another Idempotency-Key'
      if ((init.body ?? null) !== row.payload) return `its payload is ${init.body}`
      if (init.headers.authorization !== task.secretHeaders?.authorization)
        return 'it has another Authorization'
      return null
    },
  }
}
