/** More than that nobody reads, and a browser takes long to show. */
const SHOWN = 50

/** The names that hold what was typed so far, in any case. */
export function suggested(names: readonly string[], typed: string): readonly string[] {
  const text = typed.trim().toLowerCase()
  return names.filter((name) => name.toLowerCase().includes(text)).slice(0, SHOWN)
}
