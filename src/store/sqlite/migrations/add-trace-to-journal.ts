/**
 * From format 2 of the journal to format 3, which has the caller's trace: what a crash has left.
 * As it was at migration 5: what changes in later versions must change nothing here.
 */
import type { Database } from 'bun:sqlite'

type Line = [kind: string, id: string, ...parts: unknown[][]]

export function addTraceToJournal(db: Database): void {
  const rows = db.query<{ n: number; lines: string }, []>('select n, lines from journal').all()
  const update = db.query('update journal set format = 3, lines = ? where n = ?')
  for (const { n, lines } of rows) {
    update.run(JSON.stringify((JSON.parse(lines) as Line[]).map(withoutTrace)), n)
  }
}

/** Earlier versions read no traceparent. What is asked for comes before what changes. */
function withoutTrace(line: Line): Line {
  if (line[0] === 'update') return line
  const place = line.length - 2
  return line.with(place, [...(line[place] as unknown[]), null, null]) as Line
}
