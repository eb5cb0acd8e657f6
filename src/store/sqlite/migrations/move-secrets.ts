/**
 * Earlier versions had all headers in the table `tasks`. Of those that are secret, the names go
 * into a column of their own, and the values into the table `secrets` where they are still needed.
 * As it was at migration 4: what changes in later versions must change nothing here.
 */
import type { Database } from 'bun:sqlite'

type Headers = Record<string, string>

const SECRET = new Set(['authorization', 'proxy-authorization', 'cookie', 'x-api-key'])

/** More are found than have some: the text may be in a value. */
const CANDIDATES_SQL = `select seq, id, headers, mode = 'async' and completed_at is null as is_needed
  from tasks where seq > ? and headers <> '{}' and (headers like '%authorization%'
  or headers like '%cookie%' or headers like '%x-api-key%') order by seq limit 1000`
const UPDATE_SQL = 'update tasks set headers = ?, secret_headers = ? where seq = ?'
// Of one task there may be several: it was interrupted, and ran again with new ones.
const ADD_SQL = `insert or replace into secrets (task_id, padding, headers)
  values (?, (select zeroblob(page_size) from pragma_page_size), ?)`

interface Candidate {
  seq: number
  id: string
  headers: string
  is_needed: 0 | 1
}

export function moveSecrets(db: Database): void {
  moveFromTasks(db)
  moveFromJournal(db)
}

/** Row by row: one statement for all would write their old pages into a temporary file. */
function moveFromTasks(db: Database): void {
  const page = db.query<Candidate, [number]>(CANDIDATES_SQL)
  const update = db.query(UPDATE_SQL)
  for (let last = 0, rows = page.all(last); rows.length > 0; rows = page.all(last)) {
    for (const { seq, id, headers, is_needed } of rows) {
      const { shown, secret } = split(JSON.parse(headers) as Headers)
      last = seq
      const names = Object.keys(secret)
      if (names.length === 0) continue
      update.run(JSON.stringify(shown), JSON.stringify(names), seq)
      if (is_needed) db.query(ADD_SQL).run(id, JSON.stringify(secret))
    }
  }
}

/** Of what is asked, in a line of format 1. */
const HEADERS = 2
const MODE = 7

type Line = [kind: string, id: string, ...parts: unknown[][]]

/** From format 1 to format 2, which has the names of secret headers, and hops. */
function moveFromJournal(db: Database): void {
  const rows = db.query<{ n: number; lines: string }, []>('select n, lines from journal').all()
  for (const { n, lines } of rows) {
    const converted = (JSON.parse(lines) as Line[]).map((line) => convert(db, line))
    const sql = 'update journal set format = 2, lines = ? where n = ?'
    db.query(sql).run(JSON.stringify(converted), n)
  }
}

/** Those of tasks that have ended meanwhile are deleted once the journal is applied. */
function convert(db: Database, line: Line): Line {
  const [kind, id] = line
  if (kind === 'update') return line
  const place = line.length - 2
  const asked = line[place] as unknown[]
  const { shown, secret } = split(asked[HEADERS] as Headers)
  const names = Object.keys(secret)
  const isKept = names.length > 0 && asked[MODE] === 'async'
  if (isKept) db.query(ADD_SQL).run(id, JSON.stringify(secret))
  const converted = [...asked.with(HEADERS, shown), names.length > 0 ? names : null, 0]
  return line.with(place, converted) as Line
}

/** The names of secret ones in lower case, as replays give them. */
function split(headers: Headers) {
  const shown: Headers = {}
  const secret: Headers = {}
  for (const [name, value] of Object.entries(headers)) {
    if (SECRET.has(name.toLowerCase())) secret[name.toLowerCase()] = value
    else Object.defineProperty(shown, name, { value, enumerable: true })
  }
  return { shown, secret }
}
