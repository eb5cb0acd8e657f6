/** A step of a task, as it is sent to those who watch. */
import type { TaskEvent } from '../../events.ts'
import { retryCount, type Task, type TaskSummary } from '../../task.ts'
import { itemView } from '../task-views.ts'
import { eventText } from './event-text.ts'
import { encode } from './reader.ts'

/** What lists show of a task, and what they are filtered by. */
type Shown = TaskSummary & Pick<Task, 'mode' | 'requestId' | 'replayOf'>

/** What the changes are called. */
export interface EventIds {
  of(seq: number): string
  /** The number of the latest change. */
  readonly latestSeq: number
}

const CHANGE: Readonly<Record<TaskEvent['type'], string>> = {
  accepted: 'accepted',
  'attempt started': 'attempt_started',
  'attempt ended': 'attempt_ended',
  ended: 'ended',
}

export class TaskChange {
  /** Not the task itself: it may hold an answer of 10 MB. */
  readonly task: Shown
  readonly type: TaskEvent['type']
  #message: Uint8Array | null = null

  /** `seq`: its number since the start. */
  constructor(
    readonly seq: number,
    { type, task }: TaskEvent,
  ) {
    this.type = type
    this.task = shownOf(task)
  }

  /** Made once, for all who watch, whatever they asked for, and only if somebody does. */
  messageOf(ids: EventIds): Uint8Array {
    return (this.#message ??= encode(eventText('task', ids.of(this.seq), this.text())))
  }

  /** One line of JSON. */
  text(): string {
    return JSON.stringify({ change: CHANGE[this.type], task: itemView(this.task) })
  }
}

function shownOf(task: Task): Shown {
  return {
    id: task.id,
    dropletName: task.dropletName,
    method: task.method,
    targetUrl: task.targetUrl,
    status: task.status,
    responseStatus: task.responseStatus,
    retryCount: retryCount(task),
    createdAt: task.createdAt,
    completedAt: task.completedAt,
    durationMs: task.durationMs,
    errorMessage: task.errorMessage,
    mode: task.mode,
    requestId: task.requestId,
    replayOf: task.replayOf,
  }
}
