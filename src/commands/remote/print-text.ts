import { visibleJson } from '../../platform/log-text.ts'
import type { CommandIo } from '../command.ts'

/**
 * What the service says, as it came; on a terminal without the characters that change terminals,
 * which JSON can say otherwise. false: nobody reads any more.
 */
export function printText(io: Pick<CommandIo, 'stdout' | 'isTerminal'>, text: string): boolean {
  const whole = `${text.trimEnd()}\n`
  return io.stdout(io.isTerminal ? visibleJson(whole) : whole)
}
