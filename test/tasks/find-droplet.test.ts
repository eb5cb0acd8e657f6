import { expect, test } from 'bun:test'
import { OrchestratorError } from '../../src/errors.ts'
import type { LookUp } from '../../src/registry/registry.ts'
import { findDroplet } from '../../src/tasks/find-droplet.ts'
import { droplet } from '../registry/mesh.ts'

const find = (result: LookUp) => findDroplet({ lookUp: async () => result }, 'Nobody')

async function refusal(result: LookUp): Promise<OrchestratorError> {
  const error = await find(result).catch((thrown: unknown) => thrown)
  if (error instanceof OrchestratorError) return error
  throw new Error(`expected a refusal, got ${String(error)}`)
}

test('a droplet that is found is returned', async () => {
  const one = droplet('one')
  expect(await find({ kind: 'found', droplet: one })).toBe(one)
})

test('a name that is not listed is DROPLET_NOT_FOUND, with the names that are', async () => {
  const error = await refusal({ kind: 'not listed', names: ['Zed', 'beta'] })
  expect(error.code).toBe('DROPLET_NOT_FOUND')
  expect(error.message).toBe("Droplet 'Nobody' is not in the Registry")
  expect(error.details).toEqual({
    requested_droplet: 'Nobody',
    available_droplets: ['Zed', 'beta'],
  })
})

test('at most 100 names are told', async () => {
  const names = Array.from({ length: 150 }, (_, n) => `d${String(n).padStart(3, '0')}`)
  const { details } = await refusal({ kind: 'not listed', names })
  expect(details.available_droplets).toEqual(names.slice(0, 100))
})

test('no usable list is REGISTRY_ERROR, with the reason', async () => {
  const error = await refusal({ kind: 'no list', lastError: 'it answered 503' })
  expect(error.code).toBe('REGISTRY_ERROR')
  expect(error.message).toBe(
    'The Registry cannot be reached and there is no usable list of droplets',
  )
  expect(error.details).toEqual({ last_error: 'it answered 503' })
})
