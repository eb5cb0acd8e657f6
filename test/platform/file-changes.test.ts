import { expect, test } from 'bun:test'
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { watchFile } from '../../src/platform/file-changes.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { temporaryDir } from '../support/temporary.ts'

allowRealTime()

/** Counts what is told of a file. */
function watched(path: string) {
  const told = { changes: 0, failures: [] as unknown[] }
  const stop = watchFile(
    path,
    () => void told.changes++,
    (error) => void told.failures.push(error),
  )
  return {
    told,
    /** Makes a change, and waits until it is told. */
    async after(change: () => void) {
      const before = told.changes
      change()
      await eventually('told of the change', () => told.changes > before)
    },
    [Symbol.dispose]: stop,
  }
}

test('writing it, and each rename over it, is a change', async () => {
  using dir = temporaryDir()
  const path = dir.file('tokens')
  writeFileSync(path, '1')
  using file = watched(path)
  await file.after(() => writeFileSync(path, '2'))
  for (let n = 0; n < 3; n++) {
    writeFileSync(dir.file('new'), String(n))
    await file.after(() => renameSync(dir.file('new'), path))
  }
  await file.after(() => rmSync(path))
  await file.after(() => writeFileSync(path, '3'))
  expect(file.told.failures).toEqual([])
})

test('its neighbours are not it', async () => {
  using dir = temporaryDir()
  using file = watched(dir.file('tokens'))
  for (let n = 0; n < 50; n++) writeFileSync(dir.file(`other-${n}`), 'x')
  // Comes after all of these.
  await file.after(() => writeFileSync(dir.file('tokens'), 'x'))
  expect(file.told.changes).toBeLessThan(10)
})

test('it may be mounted by Kubernetes: each exchange of ..data is a change', async () => {
  using dir = temporaryDir()
  const version = (name: string) => {
    mkdirSync(dir.file(name))
    writeFileSync(dir.file(`${name}/tokens`), name)
  }
  version('..1')
  symlinkSync('..1', dir.file('..data'))
  symlinkSync('..data/tokens', dir.file('tokens'))
  using file = watched(dir.file('tokens'))
  for (const name of ['..2', '..3']) {
    version(name)
    symlinkSync(name, dir.file('..data_tmp'))
    await file.after(() => renameSync(dir.file('..data_tmp'), dir.file('..data')))
  }
})

test('of a link, what it leads to is watched, also when it is turned to another', async () => {
  using dir = temporaryDir()
  for (const name of ['a', 'b', 'links']) mkdirSync(dir.file(name))
  for (const name of ['a/one', 'b/two']) writeFileSync(dir.file(name), '1')
  symlinkSync('../a/one', dir.file('links/tokens'))
  using file = watched(dir.file('links/tokens'))
  await file.after(() => writeFileSync(dir.file('a/one'), '2'))
  symlinkSync('../b/two', dir.file('links/next'))
  await file.after(() => renameSync(dir.file('links/next'), dir.file('links/tokens')))
  await file.after(() => writeFileSync(dir.file('b/two'), '2'))
})

test('a folder that is not there is a failure, not a crash', () => {
  using dir = temporaryDir()
  using file = watched(dir.file('none/tokens'))
  expect(file.told.failures).toEqual([expect.objectContaining({ code: 'ENOENT' })])
})
