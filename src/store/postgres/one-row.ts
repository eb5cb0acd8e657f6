import type { PostgresClient, PostgresRow } from '../../platform/postgres.ts'

/** For statements that always give a row. Their numbers are float8: int8 would come as text. */
export async function oneRow(client: PostgresClient, text: string): Promise<PostgresRow> {
  const [row] = await client.query(text)
  return row!
}
