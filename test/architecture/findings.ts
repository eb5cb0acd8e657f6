import { defaultExports } from './default-exports.ts'
import { ambientUses, processUses } from './outside.ts'
import { strayElysia, wrongImports } from './rows.ts'
import { tooLong } from './sizes.ts'
import { parse, type Source } from './source.ts'
import { moduleState } from './state.ts'

const RULES: readonly ((source: Source) => string[])[] = [
  wrongImports,
  strayElysia,
  ambientUses,
  processUses,
  moduleState,
  tooLong,
  defaultExports,
]

/** What the rules find in one file, each once: `ambient: Date.now`, `import: ../http/app.ts`. */
export function findings(file: string, text: string): string[] {
  const source = parse(file, text)
  return [...new Set(RULES.flatMap((rule) => rule(source)))].sort()
}
