import { EXIT, readArguments, type CommandIo } from './command.ts'
import unit from './orchestrator.service' with { type: 'text' }

/** `orchestrator systemd`: prints the unit file. */
export async function systemd(args: string[], io: CommandIo): Promise<number> {
  if (!readArguments('systemd', args, io)) return EXIT.usage
  io.stdout(unit)
  return EXIT.ok
}
