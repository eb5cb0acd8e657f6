/** How many match: counted whenever the list is opened, and where that takes long, only when it is asked for. */
import { count } from '../ui/format.ts'
import type { TaskList } from './task-list.ts'

export function Matches({ list }: { list: TaskList }) {
  const rows = list.rows.value
  const total = list.total.value
  if (!rows?.shown.length) return <p class="quiet">&nbsp;</p>
  // All of them are here: no count of before is as new.
  if (rows.cursor === null && !rows.isTorn) {
    return <p class="quiet">{wordsFor(rows.shown.length + rows.waiting.length)}</p>
  }
  if (typeof total === 'number') {
    return <p class="quiet">{wordsFor(total)}, counted when opened</p>
  }
  if (total === 'counting') return <p class="quiet">Counting…</p>
  return (
    <p class="quiet">
      More than {count(rows.shown.length)} match{' '}
      <button type="button" class="button small" onClick={() => void list.count()}>
        Count them
      </button>
    </p>
  )
}

const wordsFor = (matches: number) => (matches === 1 ? '1 match' : `${count(matches)} matches`)
