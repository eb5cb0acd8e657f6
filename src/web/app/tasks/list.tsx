/** The tasks that match, newest first, as they come and change. */
import { useSignalEffect } from '@preact/signals'
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import { useApp, useKeys, useLive } from '../state/app.ts'
import { useRowKeys } from '../ui/row-keys.ts'
import { BulkButtons } from './bulk-buttons.tsx'
import { BulkPanel } from './bulk-panel.tsx'
import { FilterBar } from './filter-bar.tsx'
import { filtersOf, keyOf, liveQuery, type Filters } from './filters.ts'
import { GoTo } from './go-to.tsx'
import { Matches } from './matches.tsx'
import { Presets } from './presets.tsx'
import { TaskRows } from './task-rows.tsx'
import type { TaskList } from './task-list.ts'

export function TasksView() {
  const { router, session, taskLists } = useApp()
  const filters = filtersOf(router.location.value.query)
  const key = keyOf(filters)
  const client = session.client.value
  const list = useMemo(() => taskLists.of(filters), [key, client])
  return (
    <>
      <div class="page-head">
        <h1>Tasks</h1>
        <Presets filters={filters} />
        <GoTo />
      </div>
      <FilterBar filters={filters} />
      <BulkPanel />
      <Shown key={key} list={list} filters={filters} />
    </>
  )
}

function Shown({ list, filters }: { list: TaskList; filters: Filters }) {
  const { clock } = useApp()
  const rows = useRef<HTMLDivElement>(null)
  useReader(list, rows)
  useLive(`tasks ${keyOf(filters)}`, {
    kinds: ['task'],
    tasks: liveQuery(filters),
    read: () => void list.read(),
    event: (event) => list.event(event),
  })
  useSignalEffect(() => {
    if (clock.value > 0) list.settle()
  })
  useRowKeys()
  useKeys([{ keys: '.', label: 'Show what is new', run: () => showNewest(list) }])
  return (
    <section class="panel task-list" aria-label="The tasks">
      <div class="task-list-head">
        <Matches list={list} />
        <BulkButtons filters={filters} list={list} />
      </div>
      <div ref={rows}>
        <TaskRows list={list} filters={filters} showNewest={() => showNewest(list)} />
      </div>
    </section>
  )
}

function showNewest(list: TaskList): void {
  void list.showNewest()
  window.scrollTo({ top: 0 })
}

/** Someone who has just moved the pointer over the rows is about to click one of them. */
const POINTER_REST_MS = 1500

/** Tells the list whether it is read, and brings the reader back to where he was. */
function useReader(list: TaskList, rows: { current: HTMLElement | null }): void {
  useLayoutEffect(() => {
    if (list.scrollTop > 0) window.scrollTo({ top: list.scrollTop })
  }, [list])
  // Not as an effect: that goes on until the next view is painted, which scrolls to its own place.
  useLayoutEffect(() => {
    const element = rows.current
    if (!element) return
    let movedAt = -Infinity
    const moved = ({ timeStamp }: Event) => (movedAt = timeStamp)
    const scrolled = () => (list.scrollTop = window.scrollY)
    list.isReading = () =>
      element.getBoundingClientRect().top < 0 ||
      element.contains(document.activeElement) ||
      performance.now() - movedAt < POINTER_REST_MS
    element.addEventListener('pointermove', moved)
    window.addEventListener('scroll', scrolled, { passive: true })
    return () => {
      list.isReading = () => true
      element.removeEventListener('pointermove', moved)
      window.removeEventListener('scroll', scrolled)
    }
  }, [list])
}
