import { expect, test } from 'bun:test'
import { anyone, type Caller } from '../../src/access/caller.ts'
import { DropletNames } from '../../src/access/droplet-names.ts'
import { Directory } from '../../src/droplets/directory.ts'
import { OrchestratorError } from '../../src/errors.ts'
import { atOnce } from '../../src/platform/turns.ts'
import type { LookUp } from '../../src/registry/registry.ts'
import { findDroplet } from '../../src/tasks/find-droplet.ts'
import { droplet } from '../registry/mesh.ts'

const DETAILS = { registry_url: 'http://r:1', last_sync: 17.5, last_error: 'it answered 503' }
const all = anyone('r1')

async function find(result: LookUp, listed: readonly string[] = [], caller: Caller = all) {
  const directory = Directory.of(listed.map((name) => droplet(name)))
  const registry = {
    find: () => undefined,
    lookUp: async () => result,
    firstNames: async (isVisible?: (name: string) => boolean) =>
      atOnce(directory.firstNames(isVisible)),
    errorDetails: () => DETAILS,
  }
  return findDroplet(registry, caller, 'Nobody')
}

async function refusal(...args: Parameters<typeof find>): Promise<OrchestratorError> {
  const error = await find(...args).catch((thrown: unknown) => thrown)
  if (error instanceof OrchestratorError) return error
  throw new Error(`expected a refusal, got ${String(error)}`)
}

test('a droplet that is found is returned', async () => {
  const one = droplet('one')
  expect(await find({ kind: 'found', droplet: one })).toBe(one)
})

test('a droplet in the list needs no look-up', async () => {
  const one = droplet('one')
  const registry = {
    find: () => one,
    lookUp: () => Promise.reject(new Error('asked')),
    firstNames: async () => [],
    errorDetails: () => DETAILS,
  }
  expect(await findDroplet(registry, all, 'one')).toBe(one)
})

test('a name that is not listed is DROPLET_NOT_FOUND, with the names that are', async () => {
  const error = await refusal({ kind: 'not listed' }, ['beta', 'Zed'])
  expect(error.code).toBe('DROPLET_NOT_FOUND')
  expect(error.message).toBe("Droplet 'Nobody' is not in the Registry")
  expect(error.details).toEqual({
    requested_droplet: 'Nobody',
    available_droplets: ['Zed', 'beta'],
  })
})

test('at most 100 names are told', async () => {
  const names = Array.from({ length: 150 }, (_, n) => `d${String(n).padStart(3, '0')}`)
  const { details } = await refusal({ kind: 'not listed' }, names)
  expect(details.available_droplets).toEqual(names.slice(0, 100))
})

test('a droplet that the caller may not see is not listed for it', async () => {
  const caller = { ...all, droplets: new DropletNames(['other']) }
  const found: LookUp = { kind: 'found', droplet: droplet('Nobody') }
  const error = await refusal(found, ['Nobody', 'other'], caller)
  expect(error.code).toBe('FORBIDDEN')
  expect(error.details.available_droplets).toEqual(['other'])
  const none = await refusal({ kind: 'not listed' }, ['Nobody', 'other'], caller)
  expect([none.code, none.message, none.details]).toEqual([
    error.code,
    error.message,
    error.details,
  ])
})

test('no usable list is REGISTRY_ERROR, with the reason', async () => {
  const error = await refusal({ kind: 'no list' })
  expect(error.code).toBe('REGISTRY_ERROR')
  expect(error.message).toBe(
    'The Registry cannot be reached and there is no usable list of droplets',
  )
  expect(error.details).toEqual(DETAILS)
})

test('a service that is about to stop says so', async () => {
  expect((await refusal({ kind: 'stopping' })).code).toBe('SHUTTING_DOWN')
})
