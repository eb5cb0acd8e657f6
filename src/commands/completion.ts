import { ApiError, Unreachable } from '../client/api-error.ts'
import { systemClock } from '../platform/clock.ts'
import { EXIT, misused, readArguments, type Command, type CommandIo } from './command.ts'
import { completions, type Commands } from './completion-words.ts'
import { didYouMean } from './help.ts'
import { clientOf } from './remote/service.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof SHELLS)[number]

/** What follows it are the words of a command line, and no arguments of this one. */
const WORDS = 'words'

/** A name that a shell takes as it is: a completed word is put into the line without quotes. */
const PLAIN = /^[\p{L}\p{N}_][\p{L}\p{N}._@+-]*$/u

/** How long the service may take to name its droplets, ms. */
const QUICK_MS = 300

/** `all`: gets the commands when one is completed: this is one of them. */
export function completionOf(all: () => Commands): Command {
  const command: Command = {
    name: 'completion',
    synopsis: SHELLS.join('|'),
    summary: 'print what lets a shell complete commands, flags and names of droplets',
    details: `
For the shell that is open: 'source' what it prints. For all others:

  orchestrator completion bash | sudo tee /etc/bash_completion.d/orchestrator
  orchestrator completion zsh > "\${fpath[1]}/_orchestrator"
  orchestrator completion fish > ~/.config/fish/completions/orchestrator.fish

Names of droplets come from the service at ORCHESTRATOR_URL, with ORCHESTRATOR_TOKEN.
`,
    values: { 0: SHELLS },
    run: (args, io) => (args[0] === WORDS ? tellWords(args, io, all()) : tellScript(args, io)),
  }
  const tellScript = async (args: string[], io: CommandIo) => {
    const given = readArguments(command, args, io, { max: 1 })
    if (!given) return EXIT.usage
    const [shell = ''] = given.positionals
    if (!isShell(shell)) {
      const hint = didYouMean(shell, SHELLS)
      misused(command, io, shell === '' ? 'For which shell?' : `No shell '${shell}'.${hint}`)
      return EXIT.usage
    }
    io.stdout(SCRIPTS[shell])
    return EXIT.ok
  }
  return command
}

const isShell = (text: string): text is Shell => SHELLS.some((shell) => shell === text)

/** `words -- task submit e`: a line for each word that the last may become. */
async function tellWords(args: string[], io: CommandIo, commands: Commands): Promise<number> {
  const words = args.slice(args.indexOf('--') + 1)
  const found = await completions(commands, words, () => dropletNames(io))
  io.stdout(found.map((word) => `${word}\n`).join(''))
  return EXIT.ok
}

/** None when the service is not there at once: whoever presses a key waits. */
async function dropletNames(io: CommandIo): Promise<string[]> {
  const client = clientOf(io)
  if (!client) return []
  const controller = new AbortController()
  const cancel = systemClock.after(QUICK_MS, () => controller.abort())
  try {
    const { droplets } = await client.droplets({}, controller.signal)
    return droplets.map(({ name }) => name).filter((name) => PLAIN.test(name))
  } catch (error) {
    const isUsual = error instanceof ApiError || error instanceof Unreachable
    if (isUsual || controller.signal.aborted) return []
    throw error
  } finally {
    cancel()
  }
}

// Where nothing fits, names of files are completed: of --env-file, and of --payload @file.
const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `_orchestrator() {
  local IFS=$'\\n'
  COMPREPLY=($("\${COMP_WORDS[0]}" completion ${WORDS} -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o bashdefault -o default -F _orchestrator orchestrator
`,
  zsh: `#compdef orchestrator
_orchestrator() {
  local -a found
  found=(\${(f)"$("\${words[1]}" completion ${WORDS} -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  (( \${#found} )) && compadd -a found || _files
}
if [ "$funcstack[1]" = "_orchestrator" ]; then _orchestrator "$@"; else compdef _orchestrator orchestrator; fi
`,
  fish: `function __orchestrator_words
  set -l words (commandline -opc) (commandline -ct)
  $words[1] completion ${WORDS} -- $words[2..] 2>/dev/null
end
function __orchestrator_fits
  set -g __orchestrator_found (__orchestrator_words)
  test (count $__orchestrator_found) -gt 0
end
complete -c orchestrator -n __orchestrator_fits -f -a '$__orchestrator_found'
`,
}
