import { defaultExports } from './default-exports.ts'
import { ambientUses, processUses } from './outside.ts'
import { elysiaOutsideHttp, wrongImports } from './rows.ts'
import { tooLong } from './sizes.ts'
import { parse, type Source } from './source.ts'
import { moduleState } from './state.ts'

const RULES: readonly ((source: Source) => string[])[] = [
  wrongImports,
  elysiaOutsideHttp,
  ambientUses,
  processUses,
  moduleState,
  tooLong,
  defaultExports,
]

/** What breaks the rules in one file, each finding once: `ambient: Date.now`, `import: ../http/app.ts`. */
export function findings(file: string, text: string): string[] {
  const source = parse(file, text)
  return [...new Set(RULES.flatMap((rule) => rule(source)))].sort()
}
