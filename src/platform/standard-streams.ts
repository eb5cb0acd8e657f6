import { writeSync } from 'node:fs'
import { codeOf } from '../errors.ts'

const FULL_PIPE_MS = 5

/**
 * Writes all of the text, and returns when that is done: what `process.stdout.write` has not
 * passed on when the process exits is lost, and a pipe takes 64 KiB at once. Waits for a slow
 * reader. A reader that is gone gets no more, which is no error; false then. Throws when nothing can
 * be written, as on a full disk.
 */
export function writeAll(fileDescriptor: 1 | 2, text: string): boolean {
  let rest = Buffer.from(text)
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fileDescriptor, rest))
    } catch (error) {
      if (codeOf(error) === 'EPIPE') return false
      // Only where who started us has made the pipe non-blocking.
      if (codeOf(error) !== 'EAGAIN') throw error
      Bun.sleepSync(FULL_PIPE_MS)
    }
  }
  return true
}
