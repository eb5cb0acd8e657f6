import type { Comparison } from '../../store/shared/compare.ts'
import type { Moved } from '../../store/shared/move.ts'
import type { CommandIo } from '../command.ts'
import { counted } from '../terminal/texts.ts'

/** A line on stderr that says how far it is; only on a terminal, which can take it away again. */
export class Progress {
  #done = 0
  readonly #isShown: boolean

  constructor(
    private readonly io: Pick<CommandIo, 'isErrorTerminal' | 'stderr' | 'env'>,
    private readonly verb: string,
    private readonly total: number,
  ) {
    this.#isShown = io.isErrorTerminal && io.env.TERM !== 'dumb'
  }

  add(tasks: number): void {
    this.#done += tasks
    if (!this.#isShown) return
    const percent = Math.floor((100 * this.#done) / Math.max(1, this.total))
    this.io.stderr(`\r${this.verb} ${this.#done} of ${this.total} (${percent} %)\x1b[K`)
  }

  end(): void {
    if (this.#isShown && this.#done > 0) this.io.stderr('\r\x1b[K')
  }
}

export interface Names {
  /** Neither has a password in it. */
  readonly from: string
  readonly to: string
}

export function movedText({ added, present }: Moved, names: Names): string {
  const before = present > 0 ? `, ${present} were there already` : ''
  return `${names.from} → ${names.to}: ${counted(added, 'task')} moved${before}\n`
}

export function comparedText(compared: Comparison): string {
  const { finished, unfinished, wentOn, differing } = compared
  const since = wentOn > 0 ? ` (nodes have gone on with ${wentOn} of them)` : ''
  const all = `${finished} finished and ${unfinished} unfinished ones${since} compared field by field`
  return `${all}: ${differing === 0 ? 'all are there' : counted(differing, 'difference')}\n`
}

export function differencesText({ differences, differing }: Comparison): string {
  const more = differing - differences.length
  const lines = more > 0 ? [...differences, `and ${more} more`] : differences
  return lines.map((line) => `${line}\n`).join('')
}

export function stoppedText(added: number): string {
  return `Stopped; ${counted(added, 'task')} moved so far. Run it again to go on.\n`
}

export const SOURCE_IS_KEPT = (from: string) =>
  `${from} is as it was. Start no service with it again: it would send what is unfinished once more.\n`
