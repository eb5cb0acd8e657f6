/**
 * What the table of settings says, as the documents that must agree with it. Once the table
 * has changed:
 *
 *     bun -e "import { envExample as text } from './test/support/settings-documents.ts'; await Bun.write('.env.example', text())"
 */
import { VARIABLES, VARIABLE_NAMES } from '../../src/config/variables.ts'

/** `.env.example`, whole. */
export function envExample(): string {
  const entries = VARIABLE_NAMES.map((name) => {
    const { default: fallback, description, kind, derived } = VARIABLES[name]
    const value = fallback.replace('<PORT>', VARIABLES.PORT.default)
    const help = [...wrap(description), ...wrap(`Allowed: ${kind.allowed}.`)]
    return `${help.map((line) => `# ${line}\n`).join('')}${derived ? '# ' : ''}${name}=${value}\n`
  })
  return `${HEADING}\n${entries.join('\n')}`
}

const HEADING = `# Settings of the Orchestrator, with their defaults: nothing needs to be set. Bun reads a
# copy named .env by itself, the binary with --env-file .env, systemd as
# /etc/fpai/orchestrator.env. Where a default depends on the machine or on another setting,
# its line is a comment. The commands that ask a running service (task, droplets, metrics)
# read ORCHESTRATOR_URL and ORCHESTRATOR_TOKEN, which are no settings of the service.
`

/** The rows of the README's table of settings, one string each, without the heading. */
export function readmeRows(): string[] {
  return VARIABLE_NAMES.map((name) => {
    const { default: fallback, description } = VARIABLES[name]
    const shown = fallback === '' ? 'empty' : `\`${fallback}\``
    return `| \`${name}\` | ${shown} | ${description} |`
  })
}

function wrap(text: string): string[] {
  return text.match(/.{1,88}(\s|$)/g)!.map((line) => line.trimEnd())
}
