/**
 * Addresses that must not be called, whatever they are written as. Everything happens in a network
 * namespace: nothing is sent to such an address of this machine, not even by a service that is
 * wrong.
 */
import { expect, test } from 'bun:test'
import { binaryPath, ROOT, runProcess } from '../support/binary.ts'
import { allowRealTime } from '../support/eventually.ts'

allowRealTime()

/** Of a user of its own: so it may set up its network and mount, and no more. */
const NAMESPACE = ['unshare', '--map-root-user', '--net', '--mount']
const SETUP =
  'ip link set lo up && ip address add 169.254.169.254/32 dev lo && mount --bind /etc/hosts /etc/hosts'

function isPossible(): boolean {
  if (!Bun.which('unshare') || !Bun.which('ip') || !Bun.which('mount')) return false
  return Bun.spawnSync([...NAMESPACE, 'sh', '-c', SETUP]).exitCode === 0
}

interface Calls {
  /** Host → status, or the last error and how many requests were sent after the first. */
  outcomes: Record<string, number | string>
  /** Address → requests that came in there. */
  hits: Record<string, number>
  warned: number
}

interface Result {
  unset: Calls
  opened: Calls
  registry: { error: string; hits: Record<string, number> }
}

const possible = isPossible()
const name = possible ? '' : ' (skipped: no network namespace to be had: unshare, ip and mount)'

test.skipIf(!possible)(`no request reaches a metadata address${name}`, async () => {
  binaryPath()
  const program = [process.execPath, 'test/support/metadata-program.ts']
  const env = { PATH: process.env.PATH ?? '' }
  const { code, stdout, stderr } = await runProcess([...NAMESPACE, ...program], { cwd: ROOT, env })
  expect([code, stderr]).toEqual([0, ''])
  const { unset, opened, registry } = JSON.parse(stdout) as Result

  const fine = ['127.0.0.1', 'localhost', 'mixed.test', 'rebinding.test']
  const refusals = Object.entries(unset.outcomes).filter(([host]) => !fine.includes(host))
  expect(refusals).toHaveLength(20)
  for (const [host, outcome] of refusals) {
    const reason = /(link-local|metadata) address that DROPLET_ALLOW does not name \(0\)$/
    expect([host, outcome]).toEqual([host, expect.stringMatching(reason)])
  }
  for (const host of fine) expect([host, unset.outcomes[host]]).toEqual([host, 200])
  const { '127.0.0.1': allowed, ...forbidden } = unset.hits
  expect(allowed).toBeGreaterThan(0)
  expect(Object.keys(forbidden)).toHaveLength(9)
  expect(new Set(Object.values(forbidden))).toEqual(new Set([0]))
  // All but those whose names lead there.
  expect(unset.warned).toBe(16)

  // The servers were there to be reached: what DROPLET_ALLOW names is, and nothing else.
  for (const host of ['169.254.169.254', '2852039166', '[::ffff:a9fe:a9fe]', 'metadata.test']) {
    expect([host, opened.outcomes[host]]).toEqual([host, 200])
  }
  const { '169.254.169.254': named, '127.0.0.1': _, ...others } = opened.hits
  expect(named).toBeGreaterThan(0)
  expect(new Set(Object.values(others))).toEqual(new Set([0]))

  expect(registry.error).toContain('169.254.169.254 is a link-local address')
  expect(new Set(Object.values(registry.hits))).toEqual(new Set([0]))
})
