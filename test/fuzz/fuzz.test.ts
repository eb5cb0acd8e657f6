/** A thousand inputs of `bun run fuzz`, always the same, and the proof that it sees what is wrong. */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { allowRealTime } from '../support/eventually.ts'
import { failureOf } from '../support/failure.ts'
import type { AnyArea, Area } from './area.ts'
import { AREAS } from './areas/all.ts'
import { CostMeter } from './cost.ts'
import { fuzz } from './fuzz.ts'
import { expectProper } from './proper.ts'
import { reportOf } from './report.ts'
import { repliesIn } from './wire.ts'
import { inProcessTarget, type Launch } from './world.ts'

allowRealTime()

const INPUTS = 1000
const SEED = 2026

describe('any input is answered as it should be', () => {
  test.each(AREAS)('$name', async (area) => {
    const runs = (INPUTS * area.share) / 100
    const result = await fuzz(area, { launch: inProcessTarget, seed: SEED, runs })
    if (result.failure) throw new Error(reportOf(result, 0))
    expect(result.runs).toBe(runs)
  })

  test('the shares of all areas are a whole', () => {
    expect(AREAS.reduce((sum, { share }) => sum + share, 0)).toBe(100)
  })
})

describe('it finds', () => {
  const area = (run: Area<number>['run']): AnyArea => ({
    name: 'planted',
    share: 1,
    inputs: fc.nat(1000),
    run,
  })
  const options = { launch: inProcessTarget, seed: 1, runs: 50 }

  test('a wrong answer, shrinks its input, and tells how to repeat it', async () => {
    const planted = area(async (input) => {
      if (input >= 10) throw new Error('a wrong answer')
      return 0
    })
    const result = await fuzz(planted, options)
    expect(result.failure).toMatchObject({ input: '10', error: 'a wrong answer' })
    const { path } = result.failure!
    expect(reportOf(result, 0)).toContain(`bun run fuzz --only planted --seed 1 --path ${path}`)
    const again = await fuzz(planted, { ...options, path })
    expect(again.failure?.input).toBe('10')
  })

  test('a service that is not well afterwards', async () => {
    const planted = area(async (_, world) => {
      world.health = async () => {
        throw new Error('health answers 500')
      }
      return 0
    })
    expect((await fuzz(planted, options)).failure?.error).toBe('health answers 500')
  })

  test('an error in the log', async () => {
    const launch: Launch = async (env) =>
      Object.assign(await inProcessTarget(env), { errors: () => ['{"msg":"a request failed"}'] })
    const planted = area(async () => 0)
    expect((await fuzz(planted, { ...options, launch })).failure?.error).toContain(
      'a request failed',
    )
  })

  test('a secret in the log', async () => {
    const planted = { ...area(async () => 0), setup: { secrets: ['hush'] } }
    const launch: Launch = async (env) =>
      Object.assign(await inProcessTarget(env), { log: () => '{"msg":"it is hush-hush"}' })
    expect((await fuzz(planted, { ...options, launch })).failure?.error).toContain('it is hush')
  })

  test('memory that grows', async () => {
    let mb = 100
    const launch: Launch = async (env) =>
      Object.assign(await inProcessTarget(env), { memoryMb: () => (mb += 60) })
    const planted = area(async () => 0)
    const result = await fuzz(planted, { ...options, runs: 200, launch })
    expect(result.failure?.error).toContain('its memory grew')
  })
})

describe('cost', () => {
  const meter = async () => {
    let cpuMs = 0
    const spend = async (ms: number) => void (cpuMs += ms)
    const meter = new CostMeter(() => cpuMs)
    await meter.calibrate((bytes) => spend(1 + bytes / 10_000))
    return { meter, spend }
  }

  test('what grows with its size is right', async () => {
    const { meter: cost, spend } = await meter()
    await cost.measure('large', async () => {
      await spend(101)
      return 1_000_000
    })
    expect(cost.worst[0]!.ratio).toBeCloseTo(1, 0)
  })

  test('so is what grows with how many requests it has', async () => {
    const { meter: cost, spend } = await meter()
    await cost.measure('many', async () => {
      await spend(100)
      return { bytes: 1000, requests: 100 }
    })
    expect(cost.worst[0]!.ratio).toBeCloseTo(1, 0)
  })

  test('what costs more each time is found, a collection now and then is not', async () => {
    const { meter: cost, spend } = await meter()
    let runs = 0
    const once = async () => {
      await spend(runs++ === 0 ? 1000 : 1)
      return 100
    }
    await cost.measure('once', once)
    const always = async () => {
      await spend(1000)
      return 100
    }
    expect((await failureOf(cost.measure('always', always))).message).toContain('1000.0 ms of CPU')
  })
})

describe('an answer that is not proper:', () => {
  const answered = (head: string, body: string) =>
    repliesIn(
      Buffer.from(
        `HTTP/1.1 ${head}\r\nContent-Type: application/json\r\nX-Request-ID: a\r\n` +
          `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      ),
    )[0]!
  const envelope = (code: string, message = 'x') =>
    JSON.stringify({ status: 'error', error: { code, message, details: {} } })

  test.each([
    ['a bug', answered('500 X', envelope('INTERNAL_ERROR'))],
    ["a framework's body", answered('404 X', 'NOT_FOUND')],
    ['a code with another status', answered('404 X', envelope('INVALID_REQUEST'))],
    ['a stack', answered('404 X', envelope('NOT_FOUND', 'x\n    at run (/src/a.ts:1:2)'))],
    ['a path of ours', answered('404 X', envelope('NOT_FOUND', '/$bunfs/root/main'))],
  ])('%s', async (_, answer) => {
    expect(await failureOf(expectProper(answer))).toBeInstanceOf(Error)
  })

  test('and one that is', async () => {
    await expectProper(answered('404 X', envelope('NOT_FOUND')))
  })
})
