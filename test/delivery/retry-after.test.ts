import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { join } from 'node:path'
import { parseHttpDate } from '../../src/delivery/http-date.ts'
import { retryAfterMs } from '../../src/delivery/retry-after.ts'
import { runProcess } from '../support/binary.ts'

const now = Date.parse('2026-01-01T00:00:00Z')

test.each([
  [null, 0],
  ['', 0],
  ['0', 0],
  ['7', 7000],
  [' 7 ', 7000],
  ['120', 120_000],
  ['-5', 0],
  ['1.5', 0],
  ['1e3', 0],
  ['0x10', 0],
  ['5s', 0],
  ['5, 6', 0],
  ['soon', 0],
  ['May 2030', 0],
  ['Mayday, 2030', 0],
  ['2026-01-01T00:00:10Z', 0],
  ['Thu, 01 Jan 2026 00:00:10 GMT', 10_000],
  ['Thursday, 01-Jan-26 00:00:10 GMT', 10_000],
  ['Thu Jan  1 00:00:10 2026', 10_000],
  ['Thu Jan 01 00:00:10 2026', 10_000],
  ['Wed, 31 Dec 2025 23:59:59 GMT', 0],
  ['Thu, 99 Foo 2026 00:00:10 GMT', 0],
])('%j is %p ms', (header, ms) => {
  expect(retryAfterMs(header, now)).toBe(ms)
})

test.each([
  'May 2030',
  'May, 2030',
  'Sunday',
  'Thu, 1 Jan 2030 00:00:10 GMT',
  'Thu, 01 Jan 2030 00:00:10',
  'Thu, 01 Jan 2030 00:00:10 UTC',
  'Thu, 01 Jan 2030 00:00:10 +0100',
  'Thu, 01 Jan 2030 00:00:10 GMT+0100',
  'Thu, 01 Jan 2030 00:00:10 EST',
  'Thu, 01 Jan 2030 00:00 GMT',
  'thu, 01 jan 2030 00:00:10 gmt',
  'Xyz, 01 Jan 2030 00:00:10 GMT',
  'Thu, 31 Feb 2030 00:00:10 GMT',
  'Thu, 00 Jan 2030 00:00:10 GMT',
  'Thu, 01 Jan 2030 24:00:00 GMT',
  'Thu, 01 Jan 2030 23:60:00 GMT',
  'Thu, 01-Jan-30 00:00:10 GMT',
  'Thursday, 01-Jan-2030 00:00:10 GMT',
  'Thursday, 01 Jan 2030 00:00:10 GMT',
  'Thu Jan 1 00:00:10 2030',
  'Thu Jan  1 00:00:10 2030 GMT',
  'Thu Jan  1 00:00:10 30',
  'Thu, 01 Jan 2030 00:00:10 GMT, Thu, 01 Jan 2030 00:00:10 GMT',
])('%j is no HTTP date', (text) => {
  expect(parseHttpDate(text, now)).toBeNull()
})

test.each([
  ['Sunday, 01-Jan-76 00:00:00 GMT', 2076],
  ['Sunday, 01-Jan-77 00:00:00 GMT', 1977],
  ['Sunday, 01-Jan-25 00:00:00 GMT', 2025],
  ['Sunday, 01-Jan-00 00:00:00 GMT', 2000],
])('%j is in %p: two digits mean at most 50 years ahead', (text, year) => {
  expect(parseHttpDate(text, now)).toBe(Date.UTC(year, 0, 1))
})

test('a leap second is one', () => {
  expect(parseHttpDate('Thu, 31 Dec 2026 23:59:60 GMT', now)).toBe(Date.UTC(2027, 0, 1))
})

test('every date that is written so is read so', () => {
  const seconds = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) / 1000 })
  fc.assert(
    fc.property(seconds, (at) => {
      const date = new Date(at * 1000)
      const imf = date.toUTCString()
      const [day, dd, month, year, time] = imf.replace(',', '').split(' ')
      const asctime = `${day} ${month} ${dd!.replace(/^0/, ' ')} ${time} ${year}`
      expect([imf, asctime].map((text) => parseHttpDate(text, now))).toEqual([at * 1000, at * 1000])
    }),
  )
})

test('all of them are in GMT, wherever this machine is', async () => {
  const file = join(import.meta.dir, '../../src/delivery/retry-after.ts')
  const forms = [
    'Thu, 01 Jan 2026 00:00:10 GMT',
    'Thursday, 01-Jan-26 00:00:10 GMT',
    'Thu Jan  1 00:00:10 2026',
  ]
  const script = `
    import { retryAfterMs } from ${JSON.stringify(file)}
    console.log(${JSON.stringify(forms)}.map((form) => retryAfterMs(form, ${now})).join())`
  for (const TZ of ['America/New_York', 'Asia/Tokyo', 'UTC']) {
    const { stdout } = await runProcess([process.execPath, '-e', script], { env: { TZ } })
    expect(`${TZ} ${stdout}`).toBe(`${TZ} 10000,10000,10000\n`)
  }
})
