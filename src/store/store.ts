/** What the service asks of its memory. Every store passes `describeTaskStore`'s suite. */
import type { Task, TaskStatus, TaskSummary } from '../task.ts'

export interface TaskQuery {
  status?: TaskStatus
  /** Matched whatever its case. */
  dropletName?: string
  /** 1 to 1000. */
  limit: number
  /** `nextCursor` of the page before. */
  cursor?: string
}

export interface TaskPage {
  tasks: TaskSummary[]
  /** All matches, not only this page's. */
  total: number
  nextCursor: string | null
}

/** An unfinished task, as much of it as waiting in line needs. */
export interface UnfinishedTask {
  id: string
  mode: Task['mode']
  status: 'queued' | 'running'
  dropletName: string
  createdAt: number
  delayMs: number
  dueAt: number | null
}

export interface TaskStore {
  /** False from a failed write until writing works again. */
  readonly writable: boolean
  /**
   * Remembers a new task. Resolves once it is synced to disk; rejects with STORE_UNAVAILABLE
   * when it can't be written, and then it is not there.
   */
  insert(task: Task): Promise<void>
  /**
   * Remembers a task's new state. Resolves once that is synced to disk and never rejects:
   * while the disk fails, it waits and is tried again.
   */
  update(task: Task): Promise<void>
  /** The update that makes an interrupted task unfinished again. */
  resume(task: Task): Promise<void>
  find(id: string): Promise<Task | null>
  findByKey(idempotencyKey: string): Promise<Task | null>
  /** Newest first. A cursor that is none of ours is INVALID_REQUEST. */
  list(query: TaskQuery): Promise<TaskPage>
  /** Oldest first; read once, at start. */
  unfinished(): Promise<UnfinishedTask[]>
  /** Writes what is pending, then lets go of the file. Safe twice. */
  close(): Promise<void>
}
