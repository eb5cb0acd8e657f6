import type { RequestResult } from '../model/sent-request.ts'
import { whenRunning } from '../service/sim-process.ts'
import type { World } from '../world/world.ts'
import type { Connection } from './connection.ts'
import type { Answer } from './droplet-plan.ts'
import { connectionError } from './sim-registry.ts'

/** A body in three pieces with time between them; it may break on its way. */
export function bodyInPieces(
  world: World,
  connection: Connection,
  bytes: Uint8Array,
  { broken, gapMs }: Answer,
  result: RequestResult & { kind: 'answered' },
): ReadableStream<Uint8Array> {
  const sendable = Math.min(broken?.after ?? bytes.byteLength, bytes.byteLength)
  const piece = Math.max(1, Math.ceil(sendable / 3))
  let at = 0
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const { process } = connection
      connection.onError = (error) => whenRunning(process, () => controller.error(error))
      const later = () => world.after(gapMs ?? 0, send)
      const send = () => {
        if (!connection.open) return
        if (at < sendable) {
          const end = Math.min(at + piece, sendable)
          const sent = Uint8Array.from(bytes.subarray(at, end))
          whenRunning(process, () => controller.enqueue(sent))
          at = end
          later()
        } else if (broken?.how === 'cut') connection.fail(connectionError('ECONNRESET'))
        else if (broken === null && connection.end(result)) {
          whenRunning(process, () => controller.close())
        }
      }
      later()
    },
    // The service may stop reading only a body that is too large.
    cancel: () => void connection.end(result.tooLarge ? result : { kind: 'aborted' }),
  })
}
