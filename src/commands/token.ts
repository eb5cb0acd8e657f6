import { patternFault } from '../access/droplet-names.ts'
import { endOfDay } from '../access/expiry.ts'
import { isScope, SCOPES } from '../access/scopes.ts'
import { newToken, type RandomBytes } from '../access/token-form.ts'
import { DATE_RULE, isName, NAME_RULE, writeLine, type TokenLine } from '../access/token-lines.ts'
import { systemClock } from '../platform/clock.ts'
import { randomBytes } from '../platform/random.ts'
import type { Clock } from '../ports.ts'
import { EXIT, misused, readArguments, type Arguments, type CommandIo } from './command.ts'

interface TokenPorts {
  clock: Pick<Clock, 'now'>
  random: RandomBytes
}

const FLAGS = { expires: '' }
const LISTS = ['scope', 'droplet'] as const
type Given = Arguments<typeof FLAGS, (typeof LISTS)[number]>

/**
 * `orchestrator token NAME --scope …`: makes a token, and prints it and the line for the file; on a
 * terminal with what they are. Nothing is kept: it cannot be printed again.
 */
export async function token(
  args: string[],
  io: CommandIo,
  { clock, random }: TokenPorts = { clock: systemClock, random: randomBytes },
): Promise<number> {
  const given = readArguments('token', args, io, { flags: FLAGS, lists: LISTS, max: 1 })
  if (!given) return EXIT.usage
  const line = toLine(given)
  const fault = faultOf(line, clock.now())
  if (fault !== null) {
    misused('token', io, fault)
    return EXIT.usage
  }
  const made = newToken(random)
  const explain = (text: string) => io.isTerminal && io.stdout(`${text}\n`)
  explain(`The token of ${line.name}, shown this once and kept nowhere:`)
  io.stdout(`${made}\n`)
  const file = io.env.AUTH_TOKENS_FILE || 'the file that AUTH_TOKENS_FILE names'
  explain(`The line to add to ${file}:`)
  io.stdout(`${writeLine(line, made)}\n`)
  return EXIT.ok
}

/** As it was given: `faultOf` says whether it may be. */
function toLine({ flags, lists, positionals }: Given): TokenLine {
  return {
    name: positionals[0] ?? '',
    scopes: [...new Set(lists.scope.flatMap((text) => text.split(',')))],
    droplets: lists.droplet,
    expires: flags.expires || null,
  }
}

function faultOf({ name, scopes, droplets, expires }: TokenLine, now: number): string | null {
  if (name === '') return 'A token needs a name'
  if (!isName(name)) return `The name must be ${NAME_RULE}`
  if (scopes.length === 0) return `A token needs a --scope: one of ${SCOPES.join(', ')}`
  const wrong = scopes.find((scope) => !isScope(scope))
  if (wrong !== undefined) return `--scope ${wrong}: must be one of ${SCOPES.join(', ')}`
  for (const droplet of droplets) {
    const fault = patternFault(droplet)
    if (fault) return `--droplet ${JSON.stringify(droplet)} ${fault}`
  }
  return expires === null ? null : expiryFault(expires, now)
}

function expiryFault(expires: string, now: number): string | null {
  const end = endOfDay(expires)
  if (end === null) return `--expires ${expires}: must be ${DATE_RULE}`
  return end <= now ? `--expires ${expires}: that day is over` : null
}
