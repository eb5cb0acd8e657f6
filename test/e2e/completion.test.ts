/** Completion in the shells that are here. */
import { describe, expect, test } from 'bun:test'
import { symlinkSync, writeFileSync } from 'node:fs'
import { binaryPath, runBinary, runProcess } from '../support/binary.ts'
import { serviceHome } from '../support/binary-service.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { deadUrl, hang, scriptedServer } from '../support/scripted-server.ts'
import { temporaryDir } from '../support/temporary.ts'
import { startOnTerminal } from '../support/terminal.ts'

allowRealTime()

/** What bash offers for the words; the last is being typed. */
async function inBash(words: readonly string[], env: Record<string, string> = {}) {
  using dir = temporaryDir()
  symlinkSync(binaryPath(), dir.file('orchestrator'))
  const script = `
    source <(orchestrator completion bash)
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    _orchestrator
    printf '%s\\n' "\${COMPREPLY[@]}"
    complete -p orchestrator >/dev/null
  `
  const PATH = `${dir.path}:${process.env.PATH ?? ''}`
  const command = ['bash', '-euc', script, 'bash', 'orchestrator', ...words]
  const { code, stdout, stderr } = await runProcess(command, { env: { ...env, PATH } })
  expect([code, stderr]).toEqual([0, ''])
  return stdout.trim().split(/\n/)
}

describe('bash', () => {
  test.each([
    [['ta'], ['task']],
    [
      ['task', 's'],
      ['submit', 'show'],
    ],
    [['task', 'list', '--status', 'e'], ['error']],
    [['task', 'list', '--status', '=', 'ti'], ['timeout']],
    [['task', 'list', '--fo'], ['--follow']],
    [['--env-file', 'x', 'droplets', '--r'], ['--refresh']],
    [['token', 'ci', '--sc'], ['--scope']],
    [['help', 'dr'], ['droplets']],
    [['help', 'task', 'c'], ['cancel']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['check', '--help', '--he'], ['--help']],
    [['frobnicate', ''], ['']],
  ])('%p', async (words, offered) => {
    expect(await inBash(words)).toEqual(offered)
  })

  test('names of droplets, from the service; none that a shell would read otherwise', async () => {
    const url = await deadUrl()
    using home = serviceHome({ echo: url, 'echo-2': url, 'e$(reboot)': url, 'e b': url, mail: url })
    await using service = await home.start()
    const env = { ORCHESTRATOR_URL: service.url }
    expect(await inBash(['task', 'submit', 'e'], env)).toEqual(['echo', 'echo-2'])
    expect(await inBash(['task', 'submit', '--payload', '1', 'm'], env)).toEqual(['mail'])
    expect(await inBash(['task', 'list', '--droplet', 'm'], env)).toEqual(['mail'])
    expect(await inBash(['task', 'submit', 'mail', 'P'], env)).toEqual(['POST', 'PUT', 'PATCH'])
  })

  test('a service that is not there, or does not answer, is not waited for', async () => {
    await using silent = scriptedServer(hang)
    for (const ORCHESTRATOR_URL of [await deadUrl(), silent.url, 'nonsense']) {
      expect(await inBash(['task', 'submit', 'e'], { ORCHESTRATOR_URL })).toEqual([''])
    }
  })
})

test('of an unknown shell: did you mean', async () => {
  const { code, stderr } = await runBinary(['completion', 'bsh'])
  expect(code).toBe(64)
  expect(stderr).toStartWith("No shell 'bsh'. Did you mean 'bash'?\n")
})

/** Writes what is printed for the shell to a file that the shell reads. */
async function scriptFile(shell: string, file: string): Promise<void> {
  writeFileSync(file, (await runBinary(['completion', shell])).stdout)
}

for (const [shell, args] of [
  ['zsh', ['-n']],
  ['fish', ['--no-execute']],
] as const) {
  const isHere = Bun.which(shell) !== null
  const name = `${shell} reads its script without a fault`
  test.skipIf(!isHere)(isHere ? name : `${name} (skipped: apt-get install ${shell})`, async () => {
    using dir = temporaryDir()
    await scriptFile(shell, dir.file('script'))
    const env = { PATH: process.env.PATH ?? '', HOME: dir.path }
    const { code, stderr } = await runProcess([shell, ...args, dir.file('script')], { env })
    expect([code, stderr]).toEqual([0, ''])
  })
}

const fishIsHere = Bun.which('fish') !== null
test.skipIf(!fishIsHere)(
  `fish completes${fishIsHere ? '' : ' (skipped: apt-get install fish)'}`,
  async () => {
    using dir = temporaryDir()
    symlinkSync(binaryPath(), dir.file('orchestrator'))
    await scriptFile('fish', dir.file('script'))
    const env = { PATH: `${dir.path}:${process.env.PATH ?? ''}`, HOME: dir.path }
    const script = `source ${dir.file('script')}; complete -C 'orchestrator task s'`
    const { stdout } = await runProcess(['fish', '-c', script], { env })
    expect(stdout.trim().split('\n').sort()).toEqual(['show', 'submit'])
  },
)

const zshIsHere = Bun.which('zsh') !== null
test.skipIf(!zshIsHere)(
  `zsh completes${zshIsHere ? '' : ' (skipped: apt-get install zsh)'}`,
  async () => {
    using dir = temporaryDir()
    symlinkSync(binaryPath(), dir.file('orchestrator'))
    const PATH = `${dir.path}:${process.env.PATH ?? ''}`
    await using zsh = startOnTerminal(['zsh', '-f', '-i'], { env: { PATH, HOME: dir.path } })
    zsh.type('autoload -Uz compinit; compinit -u -D\rsource <(orchestrator completion zsh)\r')
    zsh.type('orchestrator task ca\t')
    await eventually('the word', () => zsh.text.includes('orchestrator task cancel'))
    // On a terminal it heeds no SIGTERM.
    zsh.type('\x15exit\r')
    await zsh.exited
  },
)
