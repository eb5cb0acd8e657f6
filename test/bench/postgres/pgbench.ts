/** The yardstick: what Postgres does by itself, driven by its own load generator. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SQL } from 'bun'
import { endWithUs } from '../child.ts'
import type { Done } from './turn.ts'

/** As many as Postgres' own manual begins with. */
const CONNECTIONS = 8

/**
 * The least that a durable task can be in a database: a row of some 300 bytes with an index, and
 * its end. Two statements, each a transaction of its own.
 */
const TABLE = `create table if not exists pairs (
  id bigint generated always as identity primary key,
  status text not null, droplet text not null, body text not null)`
const PAIR = `insert into pairs (status, droplet, body)
  values ('running', 'bench', repeat('x', 250)) returning id \\gset
update pairs set status = 'success' where id = :id;
`

/** Pairs a second, with prepared statements. */
export class Pgbench {
  private constructor(
    private readonly script: string,
    private readonly url: string,
  ) {}

  static async create(directory: string, url: string): Promise<Pgbench> {
    await using sql = new SQL(url, { max: 1 })
    await sql.unsafe(TABLE)
    const script = join(directory, 'pair.sql')
    // One statement a line, or pgbench waits for a semicolon.
    writeFileSync(script, PAIR.replace('\n  values', ' values'))
    return new Pgbench(script, url)
  }

  async run(seconds: number): Promise<Done> {
    const { hostname, port, username, password, pathname } = new URL(this.url)
    const server = ['-h', hostname, '-p', port, '-U', username]
    const how = [
      '-n',
      '-M',
      'prepared',
      '-c',
      String(CONNECTIONS),
      '-j',
      '1',
      '-T',
      String(seconds),
    ]
    const program = Bun.which('pgbench')
    if (program === null) throw new Error('there is no pgbench: apt-get install postgresql-15')
    const child = Bun.spawn([program, ...server, ...how, '-f', this.script, pathname.slice(1)], {
      env: { PGPASSWORD: password },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    })
    endWithUs(child)
    const [output, errors] = await Promise.all([child.stdout.text(), child.stderr.text()])
    const perSecond = Number(/^tps = ([\d.]+)/m.exec(output)?.[1])
    const requests = Number(/^number of transactions actually processed: (\d+)/m.exec(output)?.[1])
    if ((await child.exited) !== 0 || !(perSecond > 0)) {
      throw new Error(`pgbench failed: ${(errors || output).slice(-500)}`)
    }
    return { requests, perSecond }
  }
}
