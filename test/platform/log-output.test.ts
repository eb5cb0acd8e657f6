/** The log of a real process, into what stdout can be: whole, in order, and never in the way. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../support/binary.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryDir } from '../support/temporary.ts'

interface Line {
  msg: string
  line?: number
  dropped?: number
}

const program = join(ROOT, 'test/support/log-program.ts')
let dir: ReturnType<typeof temporaryDir>
beforeEach(() => void (dir = temporaryDir()))
afterEach(() => dir[Symbol.dispose]())

function startLogging(count: number, stdout: number | 'pipe') {
  const command = [process.execPath, program, String(count)]
  const subprocess = Bun.spawn(command, { env: {}, stdin: 'pipe', stdout, stderr: 'pipe' })
  return {
    subprocess,
    /** Resolves when all is logged: which must not wait for whoever reads the log. */
    logged: async () => {
      const { value } = await subprocess.stderr.getReader().read()
      expect(new TextDecoder().decode(value)).toBe('logged\n')
    },
    exit: async () => {
      await subprocess.stdin.end()
      return subprocess.exited
    },
  }
}

/** A pipe whose reader reads when it is told to. */
function pipe() {
  const path = dir.file('pipe')
  spawnSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writer = openSync(path, constants.O_WRONLY)
  const buffer = Buffer.alloc(65536)
  let text = ''
  let writerClosed = false
  return {
    writer,
    /** The other writers must be gone before the reader can see the end. */
    closeWriter: () => void (writerClosed ||= (closeSync(writer), true)),
    closeReader: () => closeSync(reader),
    /** Reads what is there. */
    read(): string {
      try {
        const length = readSync(reader, buffer)
        text += buffer.toString('latin1', 0, length)
      } catch (error) {
        expect((error as { code?: string }).code).toBe('EAGAIN')
      }
      return Buffer.from(text, 'latin1').toString()
    },
  }
}

function parse(text: string): Line[] {
  expect(text).toEndWith('\n')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
}

/** From 0 on, without a gap. */
function expectInOrder(lines: Line[], count: number) {
  expect(lines.map(({ line }) => line)).toEqual(Array.from({ length: count }, (_, n) => n))
}

function expectAll(lines: Line[], count: number) {
  expectInOrder(lines.slice(0, -1), count)
  expect(lines.at(-1)?.msg).toBe('last')
}

test('a reader that stalls stops nothing; what it missed is counted when it is back', async () => {
  const { writer, read } = pipe()
  const logging = startLogging(20_000, writer)
  await logging.logged()

  await eventually('the count', () => read().includes('dropped":'))
  await logging.exit()
  const lines = parse(read())
  const at = lines.findIndex(({ dropped }) => dropped !== undefined)
  expectInOrder(lines.slice(0, at), at)
  expect(lines[at]).toMatchObject({ level: 'WARNING', dropped: 20_000 - at })
  expect(lines.slice(at + 1).map(({ msg }) => msg)).toEqual(['last'])
  // A megabyte waits, besides what the pipe holds.
  expect(Buffer.byteLength(read())).toBeWithin(1_000_000, 1_300_000)
})

test('lines that were logged before an exit are out, though the reader is slow', async () => {
  const { writer, read, closeWriter } = pipe()
  const logging = startLogging(1000, writer)
  closeWriter()
  await logging.logged()
  const exited = logging.exit()
  await eventually('the last line', () => read().includes('"last"'))
  expect(await exited).toBe(0)
  expectAll(parse(read()), 1000)
})

test('a reader that never reads does not hold up the exit', async () => {
  const { writer } = pipe()
  const logging = startLogging(1000, writer)
  await logging.logged()
  expect(await logging.exit()).toBe(0)
})

test('a reader that is gone ends nothing', async () => {
  const { writer, closeReader } = pipe()
  closeReader()
  const logging = startLogging(1000, writer)
  await logging.logged()
  expect(await logging.exit()).toBe(0)
})

test('into a file: behind what is there', async () => {
  const file = openSync(dir.file('log'), 'a')
  const logging = startLogging(1000, file)
  await logging.logged()
  expect(await logging.exit()).toBe(0)
  expectAll(parse(readFileSync(dir.file('log'), 'utf8')), 1000)
})

test('a full disk ends nothing', async () => {
  const logging = startLogging(1000, openSync('/dev/full', 'w'))
  await logging.logged()
  expect(await logging.exit()).toBe(0)
})

test('into a socket', async () => {
  const logging = startLogging(1000, 'pipe')
  const text = new Response(logging.subprocess.stdout as ReadableStream).text()
  await logging.logged()
  expect(await logging.exit()).toBe(0)
  expectAll(parse(await text), 1000)
})
