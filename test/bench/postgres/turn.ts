/** A load, and what it cost: the services that took part, and the server. */
import type { Service } from '../bench.ts'
import { median } from '../report.ts'
import type { BenchServer } from './server.ts'

/** What the last ones have put off is their cost, too. */
const PUT_OFF_MS = 100

export interface Done {
  requests: number
  perSecond: number
}

/** Of one task or pair: times on a core, of all threads and processes. */
export interface Cost {
  serviceUs: number
  postgresUs: number
  /** What the server wrote ahead. */
  walBytes: number
}

export type Turn<Result extends Done = Done> = Result & Cost

export async function turn<Result extends Done>(
  server: BenchServer,
  services: readonly Service[],
  load: () => Promise<Result>,
): Promise<Turn<Result>> {
  const cpuMs = () => services.reduce((sum, { process }) => sum + process.cpuMs(), 0)
  const before = { service: cpuMs(), postgres: server.cpuMs(), wal: await server.walBytes() }
  const done = await load()
  await Bun.sleep(PUT_OFF_MS)
  const { requests } = done
  return {
    ...done,
    serviceUs: ((cpuMs() - before.service) * 1000) / requests,
    postgresUs: ((server.cpuMs() - before.postgres) * 1000) / requests,
    walBytes: ((await server.walBytes()) - before.wal) / requests,
  }
}

/** `once` again and again, so many times, after a first one in which all is compiled. */
export async function rounds<Result>(
  count: number,
  once: () => Promise<Result>,
): Promise<Result[]> {
  await once()
  const all: Result[] = []
  for (let round = 0; round < count; round++) all.push(await once())
  return all
}

/** What each of `some` is a second over its counterpart. */
export function ratios(some: readonly Done[], others: readonly Done[]): number[] {
  return some.map(({ perSecond }, round) => perSecond / others[round]!.perSecond)
}

/** For a note: medians. */
export function costs(all: readonly Cost[]): string {
  const of = (what: (each: Cost) => number) => Math.round(median(all.map(what)))
  const [service, postgres] = [of((each) => each.serviceUs), of((each) => each.postgresUs)]
  const cpu = `${service} µs service + ${postgres} µs Postgres = ${service + postgres} µs CPU each`
  return `${cpu}, ${of((each) => each.walBytes).toLocaleString('en')} bytes of WAL`
}
