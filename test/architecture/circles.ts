import { importsOf } from './imports.ts'
import { targetOf } from './rows.ts'
import type { Source } from './source.ts'

/**
 * Import circles, such as `a.ts > b.ts > a.ts`. Imports of types do not count: they are gone when
 * the program runs.
 */
export function circles(sources: readonly Source[]): string[] {
  const targets = new Map(sources.map((source) => [source.file, targetsOf(source)]))
  const found: string[] = []
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file].join(' > '))
    if (path.includes(file) || done.has(file)) return
    for (const target of targets.get(file) ?? []) visit(target, [...path, file])
    done.add(file)
  }
  for (const { file } of sources) visit(file, [])
  return found
}

function targetsOf(source: Source): string[] {
  return importsOf(source)
    .filter(({ name, kind }) => kind !== 'type' && name?.startsWith('.'))
    .map(({ name }) => targetOf(source.file, name!))
}
