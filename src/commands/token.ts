import { patternFault } from '../access/droplet-names.ts'
import { endOfDay } from '../access/expiry.ts'
import { isScope, SCOPES } from '../access/scopes.ts'
import { newToken, type RandomBytes } from '../access/token-form.ts'
import { DATE_RULE, isName, NAME_RULE, writeLine, type TokenLine } from '../access/token-lines.ts'
import { systemClock } from '../platform/clock.ts'
import { randomBytes } from '../platform/random.ts'
import type { Clock } from '../ports.ts'
import {
  EXIT,
  misused,
  readArguments,
  type Arguments,
  type Command,
  type CommandIo,
} from './command.ts'

interface TokenPorts {
  clock: Pick<Clock, 'now'>
  random: RandomBytes
}

const FLAGS = { expires: '' }
const LISTS = ['scope', 'droplet'] as const
type Given = Arguments<typeof FLAGS, (typeof LISTS)[number]>

export const TOKEN: Command = {
  name: 'token',
  synopsis: 'NAME --scope SCOPE… [--droplet NAME…] [--expires DATE]',
  summary: 'make a token for those who may use the service',
  details: `
Prints the token, this once, and the line to add to the file that AUTH_TOKENS_FILE names, which
has its hash only. The service reads that file again by itself.

  --scope SCOPE    tasks:read, tasks:write or admin, which is all; may be repeated
  --droplet NAME   only this droplet, or with a * at the end all whose names begin so; may be
                   repeated
  --expires DATE   the last day, such as 2027-01-31 (UTC)

  orchestrator token ci --scope tasks:write --scope tasks:read --droplet 'build-*'
  orchestrator token prometheus --scope admin --expires 2027-01-31
`,
  run: (args, io) => token(args, io),
}

/**
 * `orchestrator token NAME --scope …`: makes a token, and prints it and the line for the file; on a
 * terminal with what they are. Nothing is kept: it cannot be printed again.
 */
export async function token(
  args: string[],
  io: CommandIo,
  { clock, random }: TokenPorts = { clock: systemClock, random: randomBytes },
): Promise<number> {
  const given = readArguments(TOKEN, args, io, { flags: FLAGS, lists: LISTS, max: 1 })
  if (!given) return EXIT.usage
  const line = toLine(given)
  const fault = faultOf(line, clock.now())
  if (fault !== null) {
    misused(TOKEN, io, fault)
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
