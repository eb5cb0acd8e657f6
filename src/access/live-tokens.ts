/** The tokens that may be used now: those of the file, however often that changes. */
import { errorText } from '../errors.ts'
import type { Clock, Log, WatchFile } from '../ports.ts'
import { readTokensFile, type TokensFile } from './tokens-file.ts'
import { hasExpired, TokenSet } from './tokens.ts'

/** From a change to the reading of the file, as a writer may need several steps, ms. */
const SETTLE_MS = 100

/** Between two readings without a notice: network file systems send none, ms. */
const RECHECK_MS = 30_000

export interface LiveTokensPorts {
  clock: Clock
  log: Log
  watchFile: WatchFile
}

export class LiveTokens {
  #set: TokenSet
  /** The fingerprint of what was read last, whether it could be used or not. */
  #seen: string
  #reading: Promise<void> = Promise.resolve()
  #cancelRecheck: () => void = () => {}
  #cancelRead: (() => void) | null = null
  #stopWatching: () => void = () => {}
  #stopped = false

  private constructor(
    private readonly path: string,
    private readonly ports: LiveTokensPorts,
    first: TokensFile,
  ) {
    this.#set = new TokenSet(first.tokens)
    this.#seen = fingerprint(first)
  }

  /** Reads the file; rejects with all that is wrong with it, in a line for people. */
  static async open(path: string, ports: LiveTokensPorts): Promise<LiveTokens> {
    const first = await readTokensFile(path)
    if (first.faults.length > 0) {
      throw new Error(`The tokens file ${path} cannot be used: ${first.faults.join('; ')}`)
    }
    const tokens = new LiveTokens(path, ports, first)
    tokens.#tell('tokens are needed', first)
    return tokens
  }

  get current(): TokenSet {
    return this.#set
  }

  /** Follows the file from now on. */
  start(): void {
    const { watchFile, log } = this.ports
    this.#stopWatching = watchFile(
      this.path,
      () => this.#readSoon(),
      (error) => {
        const every = `it is read every ${RECHECK_MS / 1000} s, and at SIGHUP`
        log.warning(`the tokens file cannot be watched: ${every}`, {
          file: this.path,
          error: errorText(error),
        })
      },
    )
    this.#recheckLater()
  }

  /** Reads the file again, and says so in the log. Never rejects. */
  reread(): Promise<void> {
    return this.#read(true)
  }

  stop(): void {
    this.#stopped = true
    this.#stopWatching()
    this.#cancelRecheck()
    this.#cancelRead?.()
  }

  #readSoon(): void {
    this.#cancelRead ??= this.ports.clock.after(SETTLE_MS, () => {
      this.#cancelRead = null
      void this.#read(false)
    })
  }

  #recheckLater(): void {
    this.#cancelRecheck = this.ports.clock.after(RECHECK_MS, () => {
      void this.#read(false)
      this.#recheckLater()
    })
  }

  /** One after the other, so that the last to begin is the last to be used. */
  #read(wasAsked: boolean): Promise<void> {
    this.#reading = this.#reading.then(async () => {
      const found = await readTokensFile(this.path)
      if (!this.#stopped) this.#take(found, wasAsked)
    })
    return this.#reading
  }

  #take(found: TokensFile, wasAsked: boolean): void {
    const isNew = fingerprint(found) !== this.#seen
    this.#seen = fingerprint(found)
    if (!isNew && !wasAsked) return
    if (found.faults.length > 0) return this.#refuse(found.faults)
    this.#set = new TokenSet(found.tokens)
    this.#tell('the tokens file was read again', found)
  }

  #refuse(faults: readonly string[]): void {
    this.ports.log.error('the tokens file cannot be used: the tokens of before stay', {
      file: this.path,
      faults,
      tokens: this.#set.tokens.length,
    })
  }

  #tell(msg: string, { tokens, warnings }: TokensFile): void {
    const { clock, log } = this.ports
    const now = clock.now()
    const expired = tokens.filter((token) => hasExpired(token, now)).map(({ name }) => name)
    log.info(msg, {
      file: this.path,
      tokens: tokens.length,
      expired: expired.length > 0 ? expired : undefined,
    })
    for (const warning of warnings) log.warning(`the tokens file: ${warning}`, { file: this.path })
  }
}

/** Equal for two readings with the same text and the same faults and warnings. */
function fingerprint({ text, faults, warnings }: TokensFile): string {
  return JSON.stringify([text, faults, warnings])
}
