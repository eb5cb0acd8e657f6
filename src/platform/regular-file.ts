import { constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'

const CHUNK_BYTES = 1024 * 1024

/**
 * All bytes of a regular file, symbolic links followed. Rejects with a message for people when it
 * is anything else, or larger than `maxBytes`: to read from a FIFO or a device may take for ever
 * and would hold one of the few threads that read files.
 */
export async function readRegularFile(
  path: string,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  // Before it is opened: to open a device may already have an effect.
  refuseUnlessRegular(await stat(path), maxBytes)
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    // Again: it may have been replaced meanwhile.
    refuseUnlessRegular(await file.stat(), maxBytes)
    const chunks: Uint8Array[] = []
    for (let length = 0; ;) {
      const { bytesRead, buffer } = await file.read(new Uint8Array(CHUNK_BYTES))
      if (bytesRead === 0) return Buffer.concat(chunks)
      length += bytesRead
      // It may grow, and files of /proc say that they are empty.
      if (length > maxBytes) throw tooLarge(maxBytes)
      chunks.push(buffer.subarray(0, bytesRead))
      signal?.throwIfAborted()
    }
  } finally {
    await file.close()
  }
}

function refuseUnlessRegular(stats: { isFile(): boolean; size: number }, maxBytes: number): void {
  if (!stats.isFile()) throw new Error('it is not a regular file')
  if (stats.size > maxBytes) throw tooLarge(maxBytes)
}

function tooLarge(maxBytes: number): Error {
  return new Error(`it is larger than ${maxBytes} bytes`)
}
