/** Work on all that match; only for those who may write. */
import { useApp } from '../state/app.ts'
import type { Filters } from './filters.ts'
import type { TaskList } from './task-list.ts'

const ENDED = new Set(['failed', 'success', 'error', 'timeout', 'cancelled'])

export function BulkButtons({ filters, list }: { filters: Filters; list: TaskList }) {
  const { session, bulk, overview } = useApp()
  if (!session.mayWrite.value || !list.rows.value?.shown.length) return null
  const isBusy = bulk.state.value.kind === 'running'
  const now = overview.now.value?.tasks
  const isIdle = now !== undefined && now.queued + now.running === 0
  const mayCancel = !isIdle && !ENDED.has(filters.status ?? '')
  // Not on everything that ever was: nobody means that.
  const mayReplay = filters.status !== undefined && ENDED.has(filters.status)
  return (
    <div class="bulk-buttons">
      {mayCancel ? (
        <button
          type="button"
          class="button small danger"
          disabled={isBusy}
          onClick={() => void bulk.ask('cancel', filters)}
        >
          Cancel all that match…
        </button>
      ) : null}
      {mayReplay ? (
        <button
          type="button"
          class="button small"
          disabled={isBusy}
          onClick={() => void bulk.ask('replay', filters)}
        >
          Replay all that match…
        </button>
      ) : null}
    </div>
  )
}
