/** The other end of sd_notify(3): a datagram socket, as systemd has it. */
import { dlopen, FFIType, ptr } from 'bun:ffi'

const { i32, u32, u64, i64, ptr: pointer } = FFIType
const libc = dlopen('libc.so.6', {
  socket: { args: [i32, i32, i32], returns: i32 },
  bind: { args: [i32, pointer, u32], returns: i32 },
  recv: { args: [i32, pointer, u64, i32], returns: i64 },
  close: { args: [i32], returns: i32 },
})

const AF_UNIX = 1
const SOCK_DGRAM = 2
const MSG_DONTWAIT = 0x40
const MAX_BYTES = 4096

export interface NotifyReceiver extends Disposable {
  /** What goes into NOTIFY_SOCKET. */
  readonly name: string
  /** All datagrams so far; those that wait are taken in. */
  messages(): string[]
  /** The value of the last datagram that says something of this. */
  last(variable: string): string | undefined
  count(line: string): number
}

/** `name`: a path, or with an @ at its start one without a file. */
export function notifyReceiver(name: string): NotifyReceiver {
  const descriptor = libc.symbols.socket(AF_UNIX, SOCK_DGRAM, 0)
  const path = Buffer.from(name.replace(/^@/, '\0'))
  const end = Buffer.alloc(name.startsWith('@') ? 0 : 1)
  const address = Buffer.concat([Buffer.from([AF_UNIX, 0]), path, end])
  if (libc.symbols.bind(descriptor, ptr(address), address.length) !== 0) {
    throw new Error(`no socket at ${name}`)
  }
  const received: string[] = []
  const bytes = Buffer.alloc(MAX_BYTES)
  const messages = () => {
    for (;;) {
      const length = Number(libc.symbols.recv(descriptor, ptr(bytes), MAX_BYTES, MSG_DONTWAIT))
      if (length < 0) return received
      received.push(bytes.toString('utf8', 0, length))
    }
  }
  const lines = () => messages().flatMap((message) => message.split('\n'))
  return {
    name,
    messages,
    last: (variable) =>
      lines()
        .findLast((line) => line.startsWith(`${variable}=`))
        ?.slice(variable.length + 1),
    count: (line) => lines().filter((each) => each === line).length,
    [Symbol.dispose]: () => void libc.symbols.close(descriptor),
  }
}
