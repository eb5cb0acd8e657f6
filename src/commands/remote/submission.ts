/** The body of a submission, from the arguments of `task submit`. */
import { readFileSync } from 'node:fs'
import { errorText } from '../../errors.ts'
import { withRaw } from '../../json-text.ts'
import { METHODS } from '../../task.ts'
import type { Arguments, CommandIo } from '../command.ts'
import { didYouMean } from '../help.ts'
import { Misuse } from './service.ts'

export const SUBMIT_FLAGS = {
  // To the service null is the same as nothing.
  payload: 'null',
  meta: 'null',
  timeout: '',
  deadline: '',
  retries: '',
  delay: '',
  key: '',
  wait: '',
}

/** Throws Misuse for what can be seen to be wrong without the service. */
export async function submissionBody(
  { flags, lists, positionals }: Arguments<typeof SUBMIT_FLAGS, 'header'>,
  io: CommandIo,
): Promise<string> {
  const [droplet, method, path] = positionals
  if (droplet === undefined) throw new Misuse('A task needs a DROPLET, a METHOD and a PATH')
  if (method === undefined || path === undefined) throw new Misuse(methodOrPath(method))
  const fields = {
    droplet_name: droplet,
    method: readMethod(method),
    path,
    headers: readHeaders(lists.header),
    timeout_ms: milliseconds('timeout', flags.timeout),
    deadline_ms: milliseconds('deadline', flags.deadline),
    max_retries: readNumber('retries', flags.retries),
    delay_seconds: readNumber('delay', flags.delay),
  }
  return withRaw(fields, {
    payload: await readJson('payload', flags.payload, io),
    meta: await readJson('meta', flags.meta, io),
  })
}

/** `/x` in the place of the method: it was left out. */
function methodOrPath(method = ''): string {
  return method.startsWith('/')
    ? `A METHOD must stand before ${method}: ${METHODS.join(', ')}`
    : 'A task needs a METHOD and a PATH after the DROPLET'
}

function readMethod(text: string): string {
  const method = text.toUpperCase()
  const isKnown = METHODS.some((each) => each === method)
  if (isKnown) return method
  const hint = didYouMean(method, METHODS) || ` There are: ${METHODS.join(', ')}`
  throw new Misuse(`There is no method '${text}' here.${hint}`)
}

/** `Name: value`, as curl takes them; undefined: there are none. */
export function readHeaders(lines: readonly string[]): Record<string, string> | undefined {
  const headers = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).trim()
    // A value may be secret: it is not told.
    if (colon <= 0 || name === '') throw new Misuse("--header must be 'Name: value'")
    if (headers.has(name)) throw new Misuse(`--header ${name} is there twice`)
    headers.set(name, line.slice(colon + 1).trim())
  }
  return headers.size === 0 ? undefined : Object.fromEntries(headers)
}

function readNumber(flag: string, text: string): number | undefined {
  if (text === '') return undefined
  const value = Number(text)
  if (text.trim() !== '' && value >= 0 && Number.isFinite(value)) return value
  throw new Misuse(`--${flag} ${text}: must be a number, 0 or more`)
}

function milliseconds(flag: string, text: string): number | undefined {
  const seconds = readNumber(flag, text)
  return seconds === undefined ? undefined : Math.round(seconds * 1000)
}

/** JSON text as it was written: on the command line, in a file (`@name`), or on stdin (`-`). */
async function readJson(flag: string, given: string, io: CommandIo): Promise<string> {
  const text = given === '-' ? await io.stdin() : given.startsWith('@') ? read(flag, given) : given
  try {
    JSON.parse(text)
    return text
  } catch (error) {
    throw new Misuse(`--${flag} is not JSON: ${errorText(error)}`)
  }
}

function read(flag: string, given: string): string {
  try {
    return readFileSync(given.slice(1), 'utf8')
  } catch (error) {
    throw new Misuse(`--${flag} ${given}: ${errorText(error)}`)
  }
}
