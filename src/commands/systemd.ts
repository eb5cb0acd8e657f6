import { EXIT, readArguments, type Command, type CommandIo } from './command.ts'
import unit from './orchestrator.service' with { type: 'text' }

export const SYSTEMD: Command = {
  name: 'systemd',
  summary: 'print a unit file',
  details: `
  orchestrator systemd | sudo tee /etc/systemd/system/orchestrator.service
`,
  run: systemd,
}

/** `orchestrator systemd`: prints the unit file. */
export async function systemd(args: string[], io: CommandIo): Promise<number> {
  if (!readArguments(SYSTEMD, args, io)) return EXIT.usage
  io.stdout(unit)
  return EXIT.ok
}
