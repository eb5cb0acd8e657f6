import { $ } from 'bun'
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdir, mkdtemp, readdir, rm, symlink, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CACHE_FILE,
  fileCache,
  type CachedList,
  type DirectoryCache,
} from '../../src/registry/disk-cache.ts'
import { allowRealTime } from '../support/eventually.ts'
import { recordingLog } from '../support/log.ts'

allowRealTime()

let dir = ''
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'registry-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const newId = () => crypto.randomUUID()

const list: CachedList = {
  syncedAt: 1_767_225_600_123,
  droplets: [
    {
      id: 7,
      name: 'Échó "x"',
      url: 'http://h:1/base',
      version: '1.0',
      status: 'inactive',
      steward: null,
    },
  ],
}

/** Why the cache cannot be used. */
async function refused(cache: DirectoryCache): Promise<string> {
  return cache.read().then(
    () => 'not refused',
    (error: Error) => error.message,
  )
}

test('what was written is read, by a later process too', async () => {
  const log = recordingLog()
  const deep = join(dir, 'not', 'there', 'yet')
  await fileCache(deep, log, newId).write(list)
  expect(await fileCache(deep, log, newId).read()).toEqual(list)
  expect(await readdir(deep)).toEqual([CACHE_FILE])
  expect(log.lines).toEqual([])
})

test('the file is for people, too', async () => {
  await fileCache(dir, recordingLog(), newId).write(list)
  expect(await Bun.file(join(dir, CACHE_FILE)).json()).toEqual({
    synced_at: 1_767_225_600.123,
    droplets: [...list.droplets],
  })
})

test('what a restarted Registry has lost is kept, in a form that older versions read', async () => {
  const [lost] = list.droplets
  const refilling: CachedList = {
    syncedAt: list.syncedAt,
    droplets: [
      { ...lost!, name: 'active', status: 'active' },
      { ...lost!, status: 'inactive' },
    ],
    registryUrl: 'http://registry:8000',
    own: { id: 3, registeredAt: 1_767_225_600_001 },
    unlisted: [{ name: lost!.name, since: 1_767_225_500_000 }],
  }
  await fileCache(dir, recordingLog(), newId).write(refilling)
  expect(await fileCache(dir, recordingLog(), newId).read()).toEqual(refilling)
  const json = await Bun.file(join(dir, CACHE_FILE)).json()
  expect(json).toMatchObject({
    synced_at: 1_767_225_600.123,
    droplets: [{ name: 'active', url: 'http://h:1/base', status: 'active' }, { name: lost!.name }],
  })
  await Bun.write(join(dir, CACHE_FILE), JSON.stringify({ ...json, unlisted: 'all of them' }))
  expect(await refused(fileCache(dir, recordingLog(), newId))).toBe('it is damaged')
})

test('nothing there is no fault', async () => {
  const log = recordingLog()
  expect(await fileCache(dir, log, newId).read()).toBeNull()
  expect(log.lines).toEqual([])
})

test.each([
  ['empty', ''],
  ['cut off', '{"synced_at": 17, "droplets": [{"na'],
  ['binary', '\0\xff\0'],
  ['null', 'null'],
  ['without a time', '{"droplets": []}'],
  ['with an odd time', '{"synced_at": "now", "droplets": []}'],
  ['with a time before all times', '{"synced_at": -1, "droplets": []}'],
  ['without droplets', '{"synced_at": 17}'],
  ['a bare list', '[]'],
])('a damaged file (%s) is refused', async (_, text) => {
  const log = recordingLog()
  await Bun.write(join(dir, CACHE_FILE), text)
  expect(await refused(fileCache(dir, log, newId))).toBe('it is damaged')
  // …and mended by the next write.
  await fileCache(dir, log, newId).write(list)
  expect(await fileCache(dir, log, newId).read()).toEqual(list)
})

test.each([
  ['a FIFO', async (path: string) => void (await $`mkfifo ${path}`)],
  ['a device', (path: string) => symlink('/dev/zero', path)],
  ['a directory', async (path: string) => void (await mkdir(path))],
  ['too large', async (path: string) => Bun.write(path, '{}').then(() => truncate(path, 1e12))],
])('one that is %s is refused', async (_, make) => {
  await make(join(dir, CACHE_FILE))
  for (let n = 0; n < 10; n++) {
    expect(await refused(fileCache(dir, recordingLog(), newId))).toMatch(/^it is (not|larger)/)
  }
})

test('entries are held to the same rules as those from the wire', async () => {
  const droplets = [
    { name: 'bad', url: 'http://u:p@h' },
    { name: 'good', url: 'http://h' },
  ]
  await Bun.write(join(dir, CACHE_FILE), JSON.stringify({ synced_at: 17, droplets }))
  const read = await fileCache(dir, recordingLog(), newId).read()
  expect(read?.droplets.map(({ name }) => name)).toEqual(['good'])
})

test('a directory that cannot be written is one warning, and another one when it differs', async () => {
  const log = recordingLog()
  // Below a regular file not even root can write.
  const file = join(dir, 'file')
  await Bun.write(file, '')
  const cache = fileCache(join(file, 'cache'), log, newId)
  expect(await cache.read()).toBeNull()
  await cache.write(list)
  await cache.write(list)
  expect(log.messages('WARNING')).toEqual(['the droplet list cannot be cached'])
  await rm(file)
  await cache.write(list)
  expect(await cache.read()).toEqual(list)
  expect(log.lines).toHaveLength(1)
})

test('a directory that is a file is said to be one, with the setting', async () => {
  const log = recordingLog()
  const file = join(dir, 'file')
  await Bun.write(file, '')
  const cache = fileCache(file, log, newId)
  expect(await cache.read()).toBeNull()
  await cache.write(list)
  const error = 'it is a file, not a directory'
  expect(log.lines[0]?.fields).toMatchObject({ setting: 'REGISTRY_CACHE_DIR', error })
})

test('a write that fails half way leaves the old file and no temporary one', async () => {
  const log = recordingLog()
  // The rename fails: a directory stands where the file should be.
  await Bun.write(join(dir, CACHE_FILE, 'occupied'), '')
  const cache = fileCache(dir, log, newId)
  await cache.write(list)
  await cache.write(list)
  expect(await readdir(dir)).toEqual([CACHE_FILE])
  expect(log.messages('WARNING')).toHaveLength(1)
})

test('writers that share a directory never leave a mixture', async () => {
  const caches = Array.from({ length: 20 }, () => fileCache(dir, recordingLog(), newId))
  await Promise.all(caches.map((cache, n) => cache.write({ ...list, syncedAt: n * 1000 })))
  expect((await caches[0]?.read())?.droplets).toEqual(list.droplets)
  expect(await readdir(dir)).toEqual([CACHE_FILE])
})
