/** What goes to Postgres over TLS, and which certificates are believed. */
import { expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { runBinary } from '../support/binary.ts'
import { allowRealTime } from '../support/eventually.ts'
import { createDatabase, hasPostgres, startPostgres, withPostgres } from '../support/postgres.ts'
import { giveToPostgres } from '../support/postgres-programs.ts'
import { CERTIFICATE, PRIVATE_KEY } from '../support/self-signed.ts'
import { temporaryDir } from '../support/temporary.ts'

allowRealTime()

test.skipIf(!hasPostgres)(`sslmode is what it says${withPostgres}`, async () => {
  using dir = temporaryDir()
  const [certificate, key] = [dir.file('cert.pem'), dir.file('key.pem')]
  writeFileSync(certificate, CERTIFICATE)
  writeFileSync(key, PRIVATE_KEY, { mode: 0o600 })
  for (const path of [dir.path, certificate, key]) giveToPostgres(path)
  const settings = { ssl: 'on', ssl_cert_file: certificate, ssl_key_file: key }
  await using server = await startPostgres({ settings })
  const db = await createDatabase(server)
  const byName = new URL(db.url)
  byName.hostname = 'localhost'
  const check = async (url: string, more: Record<string, string> = {}) => {
    const own = { REGISTRY_URL: 'file:/none', REGISTRY_CACHE_DIR: dir.path }
    const env = { TASK_DB: url, PUBLIC_URL: 'http://x.example', ...own, ...more }
    const { code, stdout, stderr } = await runBinary(['check'], { env })
    return [code, code === 0 ? stdout : stderr] as const
  }
  expect(await check(`${db.url}?sslmode=require`)).toEqual([
    0,
    expect.stringContaining('Postgres 1'),
  ])
  const [code, told] = await check(`${byName.href}?sslmode=verify-full`)
  expect([code, told]).toEqual([1, expect.stringMatching(/TASK_DB: .*self signed certificate/)])
  const believed = { NODE_EXTRA_CA_CERTS: certificate }
  expect((await check(`${byName.href}?sslmode=verify-full`, believed))[0]).toBe(0)

  await using plain = await startPostgres()
  const without = await createDatabase(plain)
  const [refused, reason] = await check(`${without.url}?sslmode=require`)
  expect([refused, reason]).toEqual([1, expect.stringContaining('does not support SSL')])
})
