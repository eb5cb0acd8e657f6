import type { StopSignal } from '../ports.ts'
import { parseListText, type ParsedText } from './list-text.ts'
import { parseInThread } from './list-thread.ts'

/** About 1,000 droplets: what is parsed in a few ms needs no thread. */
const MAX_HERE_BYTES = 256 * 1024

/**
 * Parses a list of any length without holding up other work. `bytes` must not be used
 * afterwards. Rejects when the thread for long lists fails, and when `stop` aborts.
 */
export async function parseList(bytes: Uint8Array, stop: StopSignal | null): Promise<ParsedText> {
  return bytes.byteLength <= MAX_HERE_BYTES ? parseListText(bytes) : parseInThread(bytes, stop)
}
