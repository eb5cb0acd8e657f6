/**
 * What systemd is told of the service, over the socket that NOTIFY_SOCKET names: sd_notify(3).
 * Nothing where that is not set.
 */
import { errorText } from '../errors.ts'
import {
  monotonicMicroseconds,
  notifySocket,
  type NotifySocket,
} from '../platform/notify-socket.ts'
import type { Clock, Log } from '../ports.ts'
import type { CommandIo } from './command.ts'

/** How often the status is looked at; it is sent when it has changed. */
const STATUS_INTERVAL_MS = 5000
/** What a stop may take beyond SHUTDOWN_GRACE: the last answers, and the log into the database. */
const AFTER_GRACE_MS = 15_000

export interface ServiceManager {
  /** It listens, and has taken over what was left. `status`: a line for people, asked for often. */
  ready(status: () => string): void
  /** Around the work of a SIGHUP. */
  reloading(work: () => Promise<void>): Promise<void>
  /** It drains, for `graceMs` at most. `status`: in place of that of before. */
  stopping(graceMs: number, status: () => string): void
  /** Ends the timers. */
  stop(): void
}

interface ManagerPorts {
  clock: Pick<Clock, 'after'>
  log: Log
  /** Of this process. */
  pid: number
}

const NOBODY: ServiceManager = {
  ready: () => {},
  reloading: (work) => work(),
  stopping: () => {},
  stop: () => {},
}

/** `env`: of the process. A socket that cannot be used is one warning, and stops nothing. */
export function serviceManager(env: CommandIo['env'], ports: ManagerPorts): ServiceManager {
  const { NOTIFY_SOCKET } = env
  if (!NOTIFY_SOCKET) return NOBODY
  try {
    return new Systemd(notifySocket(NOTIFY_SOCKET), watchdogMs(env, ports.pid), ports)
  } catch (error) {
    const fields = { socket: NOTIFY_SOCKET, error: errorText(error) }
    ports.log.warning('systemd cannot be told of the service', fields)
    return NOBODY
  }
}

/** null: nobody waits for it, or not for this process. */
function watchdogMs({ WATCHDOG_USEC, WATCHDOG_PID }: CommandIo['env'], pid: number): number | null {
  if (WATCHDOG_PID && WATCHDOG_PID !== String(pid)) return null
  const ms = Number(WATCHDOG_USEC) / 1000
  return ms > 0 && Number.isFinite(ms) ? ms : null
}

/** Each line of a message says something else. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ')
}

class Systemd implements ServiceManager {
  #status: () => string = () => ''
  #shown = ''
  /** What matters and could not be sent: it goes before the next. */
  #unsent: string | null = null
  #isStopping = false
  #hasWarned = false
  readonly #timers = new Map<string, () => void>()

  constructor(
    private readonly socket: NotifySocket,
    private readonly watchdogMs: number | null,
    private readonly ports: ManagerPorts,
  ) {}

  ready(status: () => string): void {
    this.#status = () => oneLine(status())
    this.#shown = this.#status()
    this.#tell(`READY=1\nSTATUS=${this.#shown}`)
    this.#repeat('status', STATUS_INTERVAL_MS, () => this.#showStatus())
    // By a timer of the loop, so that a loop that is stuck feeds nobody.
    if (this.watchdogMs !== null) {
      this.#repeat('watchdog', this.watchdogMs / 2, () => this.#send('WATCHDOG=1'))
    }
  }

  async reloading(work: () => Promise<void>): Promise<void> {
    // It is not ready afterwards.
    if (this.#isStopping) return work()
    this.#tell(`RELOADING=1\nMONOTONIC_USEC=${monotonicMicroseconds()}`)
    await work()
    if (!this.#isStopping) this.#tell('READY=1')
  }

  stopping(graceMs: number, status: () => string): void {
    this.#isStopping = true
    this.#status = () => oneLine(status())
    this.#shown = this.#status()
    const usec = Math.round((graceMs + AFTER_GRACE_MS) * 1000)
    // Where that is longer than TimeoutStopSec, it counts instead.
    this.#tell(`STOPPING=1\nSTATUS=${this.#shown}\nEXTEND_TIMEOUT_USEC=${usec}`)
  }

  stop(): void {
    for (const cancel of this.#timers.values()) cancel()
    this.#timers.clear()
  }

  #showStatus(): void {
    const status = this.#status()
    if (status === this.#shown) return
    this.#shown = status
    this.#send(`STATUS=${status}`)
  }

  #repeat(name: string, ms: number, work: () => void): void {
    const again = () => {
      this.#timers.set(name, this.ports.clock.after(ms, again))
      if (this.#unsent !== null) this.#tell(this.#unsent)
      work()
    }
    this.#timers.set(name, this.ports.clock.after(ms, again))
  }

  /** Tries again later: systemd would wait for it. */
  #tell(text: string): void {
    this.#unsent = this.#send(text) ? null : text
  }

  #send(text: string): boolean {
    const isSent = this.socket.send(text)
    if (!isSent && !this.#hasWarned) {
      this.#hasWarned = true
      this.ports.log.warning('systemd takes no message', { message: text.split('\n', 1)[0] })
    }
    return isSent
  }
}
