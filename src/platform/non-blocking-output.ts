/** Writes to a descriptor of the process that never wait for whoever reads there. */
import { dlopen, FFIType, ptr } from 'bun:ffi'
import { constants, fstatSync, openSync, writeSync } from 'node:fs'
import { codeOf } from '../errors.ts'

export interface NonBlockingOutput {
  /**
   * Writes what can be written at once, text in UTF-8, and returns how many bytes that were.
   * `full`: none until the reader has read. `broken`: the reader is gone, or the disk full.
   */
  write(data: string | Uint8Array): number | 'full' | 'broken'
}

/**
 * Looks at what the descriptor is: a file never lets us wait for a reader; a pipe or a terminal
 * is opened once more, and only our opening made non-blocking, because the given one may be
 * shared with other processes. Where that can't be done (a socket, such as the journal's, or a
 * pipe of another user) each write asks before whether there is room.
 */
export function nonBlockingOutput(fileDescriptor: 1 | 2): NonBlockingOutput {
  const stats = fstatSync(fileDescriptor)
  const own = stats.isFile() ? fileDescriptor : reopen(fileDescriptor)
  if (own !== null) return { write: (data) => writeNow(own, data) }
  const hasRoom = roomCheck(fileDescriptor)
  return {
    write(data) {
      if (!hasRoom()) return 'full'
      const bytes = typeof data === 'string' ? Buffer.from(data) : data
      return writeNow(fileDescriptor, bytes.subarray(0, ALWAYS_FITS))
    },
  }
}

/** PIPE_BUF: as much fits whenever poll(2) says that something does, into sockets too. */
const ALWAYS_FITS = 4096

function reopen(fileDescriptor: number): number | null {
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants
  try {
    return openSync(`/proc/self/fd/${fileDescriptor}`, O_WRONLY | O_NONBLOCK | O_NOCTTY)
  } catch {
    return null
  }
}

function writeNow(fileDescriptor: number, data: string | Uint8Array): number | 'full' | 'broken' {
  try {
    // One call of an overloaded function for each type.
    const written =
      typeof data === 'string' ? writeSync(fileDescriptor, data) : writeSync(fileDescriptor, data)
    return written || 'full'
  } catch (error) {
    return codeOf(error) === 'EAGAIN' ? 'full' : 'broken'
  }
}

const POLLOUT = 4

/** poll(2) without a wait. A reader that is gone counts as room: the write then says so. */
function roomCheck(fileDescriptor: number): () => boolean {
  const libc = dlopen('libc.so.6', {
    poll: { args: [FFIType.ptr, FFIType.u64, FFIType.i32], returns: FFIType.i32 },
  })
  // struct pollfd: a descriptor, and two halves of a word: what is asked for, and what holds.
  const pollfd = Int32Array.of(fileDescriptor, POLLOUT)
  return () => libc.symbols.poll(ptr(pollfd), 1, 0) !== 0
}
