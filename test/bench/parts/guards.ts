import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freshDirectory, startDroplet, startOrchestrator, type Bench } from '../bench.ts'
import { addCpuRatios, burst, inTurns } from '../burst.ts'
import { taskBody } from '../tasks.ts'

/** No circuit, and limits that are never reached. */
const WITHOUT = {
  BREAKER_THRESHOLD: '0',
  DROPLET_MAX_CONCURRENCY: '60000',
  TASK_MAX_RUNNING: '60000',
}

/** What must be configured to be there. */
const EVERYTHING = {
  RATE_LIMIT: '1000000',
  CORS_ORIGINS: 'https://a.example',
  TRUST_PROXY: '10.0.0.0/8',
  DROPLET_ALLOW: '127.0.0.0/8',
  DROPLET_SIGNING_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
}

const WANTED = ['<=', 1.05] as const

/**
 * What the guards cost: the service with its defaults, with all that can be configured, and with
 * as little as possible, in turns. The last one runs twice: what one is above the other is chance.
 */
export async function guards(bench: Bench): Promise<void> {
  const { report, quick } = bench
  await using droplet = await startDroplet(bench)
  const start = (name: string, env: Record<string, string>) => {
    const directory = freshDirectory(bench, `guards-${name}`)
    return startOrchestrator(bench, { directory, droplets: { bench: droplet }, env })
  }
  const token = newToken(bench)
  await using without = await start('without', WITHOUT)
  await using again = await start('again', WITHOUT)
  await using defaults = await start('defaults', {})
  await using everything = await start('everything', { ...EVERYTHING, ...token.env })
  const options = { body: taskBody('bench'), connections: 64, seconds: quick ? 1 : 2 }
  const withToken = { ...options, headers: token.headers }
  const measured = await inTurns(quick ? 2 : 9, {
    without: () => burst(without, options),
    'without, again': () => burst(again, options),
    'the defaults': () => burst(defaults, options),
    everything: () => burst(everything, withToken),
  })

  addCpuRatios(report, measured, (name) => (name === 'without, again' ? null : WANTED))
  if (token.note) report.unmeasured('tokens', token.note)
}

interface Token {
  env: Record<string, string>
  headers: Record<string, string>
  /** Why there is none. */
  note: string | null
}

/** A file with a token, and the header that shows it; made by the binary, as its users make it. */
function newToken({ binary, directory }: Bench): Token {
  const command = [binary, 'token', 'bench', '--scope', 'tasks:write', '--scope', 'admin']
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, { cwd: directory, env: {} })
  const output = stdout.toString()
  const token = /orc_[0-9A-Za-z]{36}/.exec(output)?.[0]
  const line = /^.*sha256:.*$/m.exec(output)?.[0]
  if (exitCode !== 0 || !token || !line) {
    return { env: {}, headers: {}, note: `no token: ${stderr.toString().split('\n')[0]}` }
  }
  const file = join(directory, 'tokens')
  writeFileSync(file, `${line.trim()}\n`, { mode: 0o600 })
  const headers = { authorization: `Bearer ${token}` }
  return { env: { AUTH_TOKENS_FILE: file }, headers, note: null }
}
