import type { CommandIo } from '../../src/commands/command.ts'
import type { EnvFile } from '../../src/commands/env-file.ts'
import { recordingLog } from './log.ts'

/** Replaces the process of a command: what the command prints is in `out` and `err`. */
export function scriptedIo(
  env: Record<string, string> = {},
  unitSettings: Record<string, string> | null = {},
  envFiles: readonly EnvFile[] = [],
): CommandIo & { out: string; err: string } {
  const io = {
    env: Object.assign({}, ...envFiles.map(({ values }) => values), env),
    ownEnv: env,
    envFiles,
    readEnvFiles: () => envFiles,
    unitSettings: () => unitSettings,
    pid: 1,
    cwd: '/',
    home: undefined,
    hostname: 'test-host',
    isTerminal: false,
    isErrorTerminal: false,
    columns: () => 80,
    stdin: async () => '',
    out: '',
    err: '',
    stdout: (text: string) => ((io.out += text), true),
    stderr: (text: string) => void (io.err += text),
    openLog: () => recordingLog(),
    onStopSignal: () => {},
    onReloadSignal: () => {},
    exit: () => {},
  }
  return io
}
