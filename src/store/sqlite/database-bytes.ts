import type { Database } from 'bun:sqlite'

const SQL = 'select page_count * page_size as bytes from pragma_page_count, pragma_page_size'

/** How large the database is, with what is only in its log so far. */
export function databaseBytes(db: Database): number {
  return db.query<{ bytes: number }, []>(SQL).get()!.bytes
}
