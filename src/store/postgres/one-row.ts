import type { PostgresClient, PostgresRow } from '../../platform/postgres.ts'

/** For statements that always give a row. */
export async function oneRow(client: PostgresClient, text: string): Promise<PostgresRow> {
  const [row] = await client.query(text)
  return row!
}
