/** What the service refuses, in words: what is wrong, and what to do. */
import { ApiError, Unreachable } from '../../client/api-error.ts'
import type { FieldError } from '../../errors.ts'
import { visible } from '../../platform/log-text.ts'
import { failureText } from '../../platform/network-failure.ts'
import { EXIT, type CommandIo } from '../command.ts'
import { didYouMean } from '../help.ts'
import { printText } from './print-text.ts'
import { counted, durationText } from '../terminal/texts.ts'

type Details = ApiError['details']

/**
 * Tells on stderr why it failed; with `json` the reply goes to stdout as it came, as all replies
 * do. Returns the exit code. What no service has said is thrown again: it is a bug.
 */
export function tellFailure(error: unknown, io: CommandIo, json: boolean): number {
  if (error instanceof Unreachable) return tellUnreachable(error, io)
  if (!(error instanceof ApiError)) throw error
  if (json && error.body !== null) printText(io, error.body)
  for (const line of inWords(error)) io.stderr(`${visible(line)}\n`)
  if (error.status === 401 || error.status === 403) return EXIT.refused
  return error.body === null ? EXIT.unavailable : EXIT.failed
}

function tellUnreachable({ message, cause }: Unreachable, io: CommandIo): number {
  io.stderr(
    `${visible(message)}: ${visible(failureText(cause))}\n` +
      'Does the service run? ORCHESTRATOR_URL, or --url, says where it is.\n',
  )
  return EXIT.unavailable
}

function inWords(error: ApiError): string[] {
  const { code, message, details, body } = error
  if (body === null) {
    return [
      `Something answers there, but it is not the Orchestrator: ${message}`,
      'ORCHESTRATOR_URL, or --url, says where the Orchestrator is.',
    ]
  }
  return [`${code}: ${message}`, ...detailsInWords(details), ...whatToDo(error)]
}

/** Those that are said in other lines, or again in the message. */
const SAID = new Set(['errors', 'available_droplets', 'requested_droplet', 'retry_after_seconds'])
const DURATION = /_ms$/

function detailsInWords(details: Details): string[] {
  const errors = Array.isArray(details.errors) ? (details.errors as FieldError[]) : []
  // The first is the message.
  const others = errors.slice(1).map(({ path, message }) => `  ${path || 'body'}: ${message}`)
  const rest = Object.entries(details).filter(([name, value]) => !SAID.has(name) && value !== null)
  return [...others, ...rest.map(([name, value]) => `  ${detailInWords(name, value)}`)]
}

function detailInWords(name: string, value: unknown): string {
  if (DURATION.test(name) && typeof value === 'number') {
    return `${words(name.replace(DURATION, ''))}: ${durationText(value)}`
  }
  return `${words(name)}: ${typeof value === 'string' ? value : JSON.stringify(value)}`
}

const words = (name: string) => name.replaceAll('_', ' ')

/** What helps, by the code of the error. */
const ADVICE: Readonly<Record<string, string>> = {
  UNAUTHORIZED:
    "Set ORCHESTRATOR_TOKEN to a valid token; 'orchestrator token' makes one, on the service's machine.",
  FORBIDDEN: 'Set ORCHESTRATOR_TOKEN to a token that may do this.',
  TASK_NOT_FOUND: "'orchestrator task list' has the ids of those that are kept.",
  REGISTRY_ERROR: 'Look at the Registry: without its list no droplet can be found.',
  IDEMPOTENCY_KEY_REUSED: 'Take another --key for another request.',
  TASK_FINISHED: "'orchestrator task replay' sends it once more.",
}

function whatToDo({ code, details, retryAfterSeconds }: ApiError): string[] {
  if (code === 'DROPLET_NOT_FOUND') return [otherDroplets(details)]
  if (code === 'IDEMPOTENCY_KEY_IN_USE') {
    return [`Follow it with: orchestrator task show ${String(details.task_id)} --wait`]
  }
  if (retryAfterSeconds !== null) return [`Try again in ${counted(retryAfterSeconds, 'second')}.`]
  return Object.hasOwn(ADVICE, code) ? [ADVICE[code]!] : []
}

const MAX_NAMES = 10

function otherDroplets({ requested_droplet, available_droplets }: Details): string {
  const asked = String(requested_droplet)
  const names = Array.isArray(available_droplets) ? available_droplets.map(String) : []
  const hint = didYouMean(asked, names).trim()
  if (hint !== '') return hint
  if (names.length === 0) return "'orchestrator droplets' lists those that there are: none now."
  const more = names.length > MAX_NAMES ? ', …' : ''
  return `There are: ${names.slice(0, MAX_NAMES).join(', ')}${more}`
}
