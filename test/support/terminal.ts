/** A command on a terminal of its own: what it would show, and its exit code. */
import { PATIENCE_MS } from './eventually.ts'

export interface TerminalRun extends AsyncDisposable {
  readonly pid: number
  /** All that it has written, with the terminal's line ends as they are in files. */
  readonly text: string
  /** Resolves with the exit code when all that it has written is in `text`. */
  readonly exited: Promise<number>
  /** As if typed. `\x03` is Ctrl-C. */
  type(text: string): void
}

interface TerminalOptions {
  columns?: number
  env?: Record<string, string>
  cwd?: string
}

export function startOnTerminal(command: string[], options: TerminalOptions = {}): TerminalRun {
  const { columns = 80, env = {}, cwd = '/' } = options
  const decoder = new TextDecoder()
  let text = ''
  const closed = Promise.withResolvers<void>()
  const subprocess = Bun.spawn(command, {
    cwd,
    env: { TERM: 'xterm-256color', ...env },
    terminal: {
      cols: columns,
      rows: 24,
      data: (_, bytes) => void (text += decoder.decode(bytes, { stream: true })),
      exit: () => closed.resolve(),
    },
  })
  const exited = Promise.all([subprocess.exited, closed.promise]).then(
    () => subprocess.exitCode ?? -1,
  )
  return {
    pid: subprocess.pid,
    get text() {
      return text.replaceAll('\r\n', '\n')
    },
    exited,
    type: (typed) => void subprocess.terminal!.write(typed),
    async [Symbol.asyncDispose]() {
      const timer = setTimeout(() => subprocess.kill('SIGKILL'), PATIENCE_MS)
      subprocess.kill('SIGTERM')
      await exited
      clearTimeout(timer)
      subprocess.terminal?.close()
    },
  }
}

/** Runs it to its end. */
export async function runOnTerminal(
  command: string[],
  options: TerminalOptions = {},
): Promise<{ code: number; text: string }> {
  await using run = startOnTerminal(command, options)
  const code = await run.exited
  return { code, text: run.text }
}
