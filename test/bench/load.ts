/** Load from a generator that is not ours: wrk where it is installed, else autocannon. */
import { join } from 'node:path'
import { endWithUs } from './child.ts'

export interface Load {
  url: string
  method?: 'GET' | 'POST'
  headers?: Record<string, string>
  body?: string
  connections: number
  seconds: number
}

export interface LoadResult {
  perSecond: number
  requests: number
  /** Answers of 400 and more. */
  refused: number
  /** Requests without an answer. */
  lost: number
  p50Ms: number
  p99Ms: number
  maxMs: number
}

const ROOT = join(import.meta.dir, '../..')
const WRK = Bun.which('wrk')
const AUTOCANNON = join(ROOT, 'node_modules/autocannon/autocannon.js')

export const LOAD_GENERATOR = WRK ? 'wrk' : 'autocannon'

/** Rejects when nothing was answered. `seconds` is a whole number: wrk takes no other. */
export async function load(what: Load): Promise<LoadResult> {
  const result = await (WRK ? wrk(WRK, what) : autocannon(what))
  if (result.requests === 0) throw new Error(`${what.url} answered nothing`)
  return result
}

async function wrk(program: string, what: Load): Promise<LoadResult> {
  const { url, method = 'GET', headers = {}, body = '', connections, seconds } = what
  const script = join(import.meta.dir, 'programs/wrk.lua')
  const command = [program, '-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '30s']
  const result = await run<WrkResult>([...command, '-s', script, url], {
    LOAD_METHOD: method,
    LOAD_BODY: body,
    LOAD_HEADERS: Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n'),
  })
  const { requests, refused, lost, p50: p50Ms, p99: p99Ms, max: maxMs } = result
  return { perSecond: requests / result.seconds, requests, refused, lost, p50Ms, p99Ms, maxMs }
}

/** What `programs/wrk.lua` prints. */
interface WrkResult {
  requests: number
  seconds: number
  refused: number
  lost: number
  p50: number
  p99: number
  max: number
}

async function autocannon(what: Load): Promise<LoadResult> {
  const { url, method = 'GET', headers = {}, body, connections, seconds } = what
  const command = [process.execPath, AUTOCANNON, '--json', '--no-progress', '--timeout', '30']
  const options = ['-c', String(connections), '-d', String(seconds), '-m', method]
  for (const [name, value] of Object.entries(headers)) options.push('-H', `${name}: ${value}`)
  if (body) options.push('-b', body)
  const result = await run<AutocannonResult>([...command, ...options, url], {})
  const refused = result['4xx'] + result['5xx']
  const requests = result['2xx'] + result['3xx'] + refused
  return {
    perSecond: requests / result.duration,
    requests,
    refused,
    lost: result.errors,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    maxMs: result.latency.max,
  }
}

/** Of `autocannon --json`, what is used here. */
interface AutocannonResult {
  '2xx': number
  '3xx': number
  '4xx': number
  '5xx': number
  errors: number
  /** s */
  duration: number
  /** ms */
  latency: { p50: number; p99: number; max: number }
}

async function run<Result>(command: string[], env: Record<string, string>): Promise<Result> {
  const child = Bun.spawn(command, { env, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  endWithUs(child)
  const [output, errors] = await Promise.all([child.stdout.text(), child.stderr.text()])
  const json = output.split('\n').find((line) => line.startsWith('{'))
  if ((await child.exited) !== 0 || json === undefined) {
    throw new Error(`${command[0]} failed: ${(errors || output).slice(-500)}`)
  }
  return JSON.parse(json) as Result
}
