import type { CommandIo } from '../../src/commands/command.ts'

/** A process for a command, without one: what it prints is in `out` and `err`. */
export function scriptedIo(
  env: Record<string, string> = {},
): CommandIo & { out: string; err: string } {
  const io = {
    env,
    cwd: '/',
    home: undefined,
    isTerminal: false,
    out: '',
    err: '',
    stdout: (text: string) => void (io.out += text),
    stderr: (text: string) => void (io.err += text),
    onStopSignal: () => {},
    exit: () => {},
  }
  return io
}
