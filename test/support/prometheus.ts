/** The real Prometheus and its promtool, where this machine has them. */
import { writeFileSync } from 'node:fs'
import { runProcess, startProcess, type Result } from './binary.ts'
import { freePort } from './binary-service.ts'
import { eventually } from './eventually.ts'
import { temporaryDir } from './temporary.ts'

const prometheusPath = Bun.which('prometheus')
const promtoolPath = Bun.which('promtool')

export const hasPrometheus = prometheusPath !== null && promtoolPath !== null

/** For the name of a test. */
export const withPrometheus = hasPrometheus
  ? ''
  : ' (skipped: no Prometheus here; apt-get install prometheus brings it)'

/** Runs promtool in a directory that has these files, and gives it `input`. */
export async function promtool(
  args: readonly string[],
  files: Readonly<Record<string, string>> = {},
  input?: string,
): Promise<Result> {
  using dir = temporaryDir()
  for (const [name, text] of Object.entries(files)) writeFileSync(dir.file(name), text)
  const command = [promtoolPath!, ...args]
  if (input === undefined) return await runProcess(command, { cwd: dir.path })
  writeFileSync(dir.file('input'), input)
  const fed = ['/bin/sh', '-c', '"$@" < input', 'sh', ...command]
  return await runProcess(fed, { cwd: dir.path })
}

export interface Prometheus extends AsyncDisposable {
  /** The `data` of an answer of its HTTP API. */
  // oxlint-disable-next-line typescript/no-explicit-any
  api(path: string, query?: Record<string, string>): Promise<any>
  /** The values of an expression now, by their labels. */
  query(expression: string): Promise<{ labels: Record<string, string>; value: number }[]>
}

/** On loopback, in a directory of its own; `files`: what its configuration names. */
export async function startPrometheus(
  config: string,
  files: Readonly<Record<string, string>> = {},
): Promise<Prometheus> {
  const dir = temporaryDir()
  const port = await freePort()
  for (const [name, text] of Object.entries({ ...files, 'prometheus.yml': config })) {
    writeFileSync(dir.file(name), text, { mode: 0o600 })
  }
  const running = startProcess(
    [
      prometheusPath!,
      `--config.file=${dir.file('prometheus.yml')}`,
      `--storage.tsdb.path=${dir.file('data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { cwd: dir.path },
  )
  const url = `http://127.0.0.1:${port}`
  const api: Prometheus['api'] = async (path, query = {}) => {
    const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(query)}`)
    const { status, data, error } = (await response.json()) as Record<string, unknown>
    if (status !== 'success') throw new Error(`Prometheus: ${error}`)
    return data
  }
  await eventually('Prometheus is ready', async () => {
    if (running.exitCode !== undefined) throw new Error(running.stderr)
    return fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
  })
  return {
    api,
    async query(expression) {
      const { result } = await api('query', { query: expression })
      return result.map((each: { metric: Record<string, string>; value: [number, string] }) => ({
        labels: each.metric,
        value: Number(each.value[1]),
      }))
    },
    async [Symbol.asyncDispose]() {
      await running.stop()
      dir[Symbol.dispose]()
    },
  }
}
