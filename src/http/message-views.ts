/** Messages as they go over the wire, in both directions. */
import { withRaw } from '../json-text.ts'
import type { JsonText, Task } from '../task.ts'
import { timestamp } from '../timestamp.ts'
import { SERVICE } from '../version.ts'
import type { MessageBody, SendBody } from './message-bodies.ts'

/** We have no commands. */
export function receiptView({ message_type }: MessageBody, traceId: string, now: number) {
  return {
    received: true,
    trace_id: traceId,
    processed_at: timestamp(now),
    result: message_type === 'command' ? 'error' : 'success',
  }
}

/** What the target gets: the body of its `POST /message`, with the payload as it was written. */
export function messageJson(
  { target, message_type }: SendBody,
  payload: JsonText | null,
  traceId: string,
  now: number,
): JsonText {
  const fields = { trace_id: traceId, source: SERVICE, target, message_type }
  return withRaw(fields, { payload, timestamp: JSON.stringify(timestamp(now)) })
}

export interface Sent {
  target: string
  traceId: string
  sent: boolean
  /**
   * The target's answer; when it was not sent, what `POST /orchestrator/tasks` would have
   * answered.
   */
  result: JsonText
}

export function sentView({ target, traceId, sent, result }: Sent, now: number): JsonText {
  const fields = { sent, trace_id: traceId, target, timestamp: timestamp(now) }
  return withRaw(fields, { result })
}

/** Whether the target has taken the message, also when its answer was too large to be read. */
export function isTaken({ responseStatus }: Pick<Task, 'responseStatus'>): boolean {
  return responseStatus !== null && responseStatus >= 200 && responseStatus < 300
}
