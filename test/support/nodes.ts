/** Several nodes, each the binary in a process of its own, over one Postgres. */
import { serviceHome, type Service } from './binary-service.ts'
import type { BinaryProcess } from './binary.ts'
import type { Mesh } from './orchestrator.ts'
import { tcpProxy } from './tcp-proxy.ts'

/** Longer than any test: no node is taken for dead. */
export const LONG_LEASE = { TASK_LEASE: '600' }
/** As short as may be: what a dead node had is soon taken over. */
export const SHORT_LEASE = { TASK_LEASE: '2' }

export interface Nodes extends AsyncDisposable {
  /** Starts one and waits until it is ready. It is killed with the others. */
  start(name: string, env?: Record<string, string>): Promise<Service>
  /** Starts one, and waits for nothing. */
  launch(name: string, env?: Record<string, string>): BinaryProcess
}

/** `env`: for all of them. */
export function nodesOver(
  database: string,
  mesh: Mesh,
  env: Readonly<Record<string, string>> = LONG_LEASE,
): Nodes {
  const home = serviceHome(mesh)
  const started: BinaryProcess[] = []
  const keep = <P extends BinaryProcess>(process: P): P => {
    started.push(process)
    return process
  }
  const envOf = (name: string, own: Record<string, string>) => ({
    TASK_DB: database,
    NODE_NAME: name,
    PUBLIC_URL: 'http://orchestrators.test',
    REGISTRY_CACHE_DIR: home.file(`cache-${name}`),
    ...env,
    ...own,
  })
  return {
    start: async (name, own = {}) => keep(await home.start(envOf(name, own))),
    launch: (name, own = {}) => keep(home.launch(envOf(name, own))),
    async [Symbol.asyncDispose]() {
      // Also one that a test has stopped; and none is to wait for droplets that never answer.
      for (const process of started) process.signal('SIGKILL')
      await Promise.all(started.map(({ exited }) => exited))
      home[Symbol.dispose]()
    },
  }
}

/** A way to the same database on which nobody hears of anything: as through some poolers. */
export async function withoutListen(
  database: string,
): Promise<{ readonly url: string } & AsyncDisposable> {
  const url = new URL(database)
  const proxy = await tcpProxy(Number(url.port), { deafTo: /\blisten\b/i })
  url.port = String(proxy.port)
  return { url: url.href, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() }
}
