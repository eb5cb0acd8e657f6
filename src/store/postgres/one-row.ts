import type { PostgresClient, PostgresRow } from '../../platform/postgres.ts'

/** For statements that always give a row. They ask for no int8, which comes as text. */
export async function oneRow(client: PostgresClient, text: string): Promise<PostgresRow> {
  const [row] = await client.query(text)
  return row!
}
