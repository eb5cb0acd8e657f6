/** `orchestrator dev`, the binary's or the source's, on free ports. */
import { startProcess, type BinaryProcess } from './binary.ts'
import { eventually } from './eventually.ts'

export interface Dev extends BinaryProcess {
  readonly url: string
  readonly registryUrl: string
  /** What it prints for people once it is ready. */
  readonly startMessage: string
}

/** `command` starts it; the flags for the ports are added. Resolves when it has printed its message. */
export async function startDev(
  command: string[],
  cwd: string,
  env: Record<string, string> = {},
  ports: { own: number; registry: number } = { own: 0, registry: 0 },
): Promise<Dev> {
  const flags = ['--port', String(ports.own), '--registry-port', String(ports.registry)]
  const process = startProcess([...command, ...flags], { cwd, env })
  try {
    return await eventually('the start message', () => readyDev(process))
  } catch (error) {
    await process.stop()
    throw error
  }
}

function readyDev(process: BinaryProcess): Dev | null {
  if (process.exitCode !== undefined) {
    throw new Error(`dev ended with ${process.exitCode}: ${process.stderr}${process.stdout}`)
  }
  const text = process.stdout
  const from = text.search(/^The page: /m)
  if (from < 0 || !text.includes('Ctrl-C stops it.')) return null
  const startMessage = text.slice(from, text.indexOf('Ctrl-C stops it.'))
  const [own = '', , registry = ''] = [...startMessage.matchAll(/http:\/\/[^/\s]+/g)].map(
    ([url]) => url,
  )
  return Object.assign(Object.create(process) as BinaryProcess, {
    url: own,
    registryUrl: registry,
    startMessage,
  })
}
