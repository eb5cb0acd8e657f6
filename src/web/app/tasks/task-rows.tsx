import { useEffect, useRef } from 'preact/hooks'
import type { TaskItem } from '../../../client/types.ts'
import { count } from '../ui/format.ts'
import { ErrorBox, Loading } from '../ui/states.tsx'
import { VirtualRows } from '../ui/virtual-rows.tsx'
import type { Filters } from './filters.ts'
import { isWanted } from './filters.ts'
import { NoTasks } from './no-tasks.tsx'
import { useRowHeight } from './row-height.ts'
import type { Rows } from './rows.ts'
import { TaskRow } from './task-row.tsx'
import type { TaskList } from './task-list.ts'

interface TaskRowsProps {
  list: TaskList
  filters: Filters
  showNewest: () => void
}

export function TaskRows({ list, filters, showNewest }: TaskRowsProps) {
  const rowHeight = useRowHeight()
  const rows = list.rows.value
  const error = list.error.value
  const retry = () => void list.read()
  if (!rows) return error ? <ErrorBox error={error} retry={retry} /> : <Loading />
  if (rows.shown.length === 0 && rows.waiting.length === 0) return <NoTasks filters={filters} />
  return (
    <>
      <Pill rows={rows} showNewest={showNewest} />
      <div class="columns task-row" aria-hidden="true">
        <span>State</span>
        <span>Droplet</span>
        <span>Request</span>
        <span class="number">Answer</span>
        <span class="number">Retries</span>
        <span class="number">Took</span>
        <span class="number">Accepted</span>
      </div>
      <VirtualRows
        items={rows.shown}
        rowHeight={rowHeight}
        keyOf={idOf}
        row={(task) => <TaskRow task={task} isPast={!isWanted(filters, task)} />}
        label="Tasks"
      />
      {error ? <ErrorBox error={error} retry={retry} /> : <End list={list} rows={rows} />}
    </>
  )
}

const idOf = ({ id }: TaskItem) => id

function Pill({ rows, showNewest }: { rows: Rows; showNewest: () => void }) {
  const { waiting, isTorn } = rows
  const isShown = waiting.length > 0 || isTorn
  return (
    <div class="pill" role="status">
      {isShown ? (
        <button type="button" class="button primary small" onClick={showNewest}>
          {isTorn ? 'Many new' : `${count(waiting.length)} new`}
          <kbd aria-hidden="true">.</kbd>
        </button>
      ) : null}
    </div>
  )
}

/** The next page is read before its place is seen. */
const AHEAD = '1200px'

function End({ list, rows }: { list: TaskList; rows: Rows }) {
  const end = useRef<HTMLParagraphElement>(null)
  const { length } = rows.shown
  useEffect(() => {
    const observer = new IntersectionObserver(
      ([entry]) => entry?.isIntersecting && void list.more(),
      { rootMargin: AHEAD },
    )
    observer.observe(end.current!)
    return () => observer.disconnect()
    // With every page that has come, it may be seen still.
  }, [list, length])
  return (
    <p ref={end} class="task-list-end quiet small">
      {rows.cursor === null ? 'These are all that match.' : 'Reading more…'}
    </p>
  )
}
