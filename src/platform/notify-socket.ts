/** Datagrams to the service manager that has started this process: sd_notify(3). */
import { dlopen, FFIType, ptr } from 'bun:ffi'

// socket(2), send(2), clock_gettime(2)
const AF_UNIX = 1
const SOCK_DGRAM = 2
const SOCK_CLOEXEC = 0o2000000
const MSG_DONTWAIT = 0x40
const MSG_NOSIGNAL = 0x4000
const CLOCK_MONOTONIC = 1

/** unix(7): the family takes two bytes, and a path ends with a zero. */
const MAX_PATH_BYTES = 107

export interface NotifySocket {
  /** Sends one datagram, or none: it never waits. False when it could not be sent. */
  send(text: string): boolean
}

/**
 * Opens the socket that NOTIFY_SOCKET names: a path, or with an @ at its start one without a file.
 * Each datagram names it anew, so it may be replaced meanwhile. Throws with a message for people.
 */
export function notifySocket(name: string): NotifySocket {
  const address = socketAddress(name)
  const libc = dlopen('libc.so.6', {
    socket: { args: [FFIType.i32, FFIType.i32, FFIType.i32], returns: FFIType.i32 },
    sendto: {
      args: [FFIType.i32, FFIType.ptr, FFIType.u64, FFIType.i32, FFIType.ptr, FFIType.u32],
      returns: FFIType.i64,
    },
  })
  const { socket, sendto } = libc.symbols
  const descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)
  if (descriptor < 0) throw new Error('no socket can be opened')
  return {
    send(text) {
      const bytes = Buffer.from(text)
      const flags = MSG_DONTWAIT | MSG_NOSIGNAL
      const to = ptr(address)
      return sendto(descriptor, ptr(bytes), bytes.length, flags, to, address.length) >= 0
    },
  }
}

function socketAddress(name: string): Uint8Array {
  if (!/^[/@]./.test(name)) throw new Error('it is neither a path nor an abstract socket')
  const path = Buffer.from(name)
  if (path.length > MAX_PATH_BYTES) throw new Error('it is too long')
  const isAbstract = name.startsWith('@')
  const family = Buffer.from(Uint16Array.of(AF_UNIX).buffer)
  if (isAbstract) path[0] = 0
  return Buffer.concat([family, path, Buffer.alloc(isAbstract ? 0 : 1)])
}

/**
 * CLOCK_MONOTONIC in microseconds, which systemd compares with its own: `performance.now()` counts
 * from the start of the process.
 */
export function monotonicMicroseconds(): bigint {
  const libc = dlopen('libc.so.6', {
    clock_gettime: { args: [FFIType.i32, FFIType.ptr], returns: FFIType.i32 },
  })
  const time = new BigInt64Array(2)
  libc.symbols.clock_gettime(CLOCK_MONOTONIC, ptr(time))
  return time[0]! * 1_000_000n + time[1]! / 1000n
}
