/** All that the page knows, and what it does with it; made once, and given to every component. */
import { createContext } from 'preact'
import { useContext, useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { Keys, type Binding } from './keys.ts'
import { Live, type Interest } from './live.ts'
import { OverviewStore } from './overview.ts'
import { Bulk } from '../tasks/bulk-work.ts'
import { TaskLists } from '../tasks/task-lists.ts'
import { SubmitForm } from '../submit/submit-form.ts'
import { Router } from './router.ts'
import { Session } from './session.ts'
import { Theme } from './theme.ts'
import { watchClock, watchVisibility } from './visibility.ts'

export type App = ReturnType<typeof createApp>

export function createApp() {
  const isVisible = watchVisibility()
  const session = new Session()
  const live = new Live(session, isVisible)
  const overview = new OverviewStore(session, live)
  /** By the clock of the service, Unix seconds. */
  const serverTime = () => (Date.now() + overview.skewMs.peek()) / 1000
  /** A moment of the service that is certainly past. */
  const pastTime = () => Math.min(overview.now.peek()?.time ?? Infinity, serverTime())
  return {
    router: new Router(),
    theme: new Theme(),
    keys: new Keys(),
    session,
    live,
    overview,
    serverTime,
    taskLists: new TaskLists(session, { now: serverTime, known: () => overview.whenKnown() }),
    bulk: new Bulk(session, pastTime),
    submitForm: new SubmitForm(session, live),
    /** Whether anybody can see the page. */
    isVisible,
    /** Unix ms, once a second. */
    clock: watchClock(isVisible),
  }
}

export const AppContext = createContext<App | null>(null)

export function useApp(): App {
  return useContext(AppContext)!
}

/** Keys of a view, as long as it is shown. */
export function useKeys(bindings: readonly Binding[]): void {
  const { keys } = useApp()
  const latest = useRef(bindings)
  useLayoutEffect(() => {
    latest.current = bindings
  })
  useEffect(() => {
    const stable = bindings.map(({ keys, label }, i) => ({
      keys,
      label,
      run: (event: KeyboardEvent) => latest.current[i]?.run(event),
    }))
    return keys.add(stable)
    // What a key does may change with every rendering, which ones there are only with their number.
  }, [keys, bindings.length])
}

/**
 * Events for as long as a view is shown. `id` names what is listened to: when it changes, all is
 * read anew. `read` and `event` may change with every rendering.
 */
export function useLive(id: string, interest: Interest): void {
  const { live } = useApp()
  const latest = useRef(interest)
  latest.current = interest
  // At once: so the first stream asks for all that the view wants, and the page is there sooner.
  useLayoutEffect(() => {
    const { kinds, tasks } = latest.current
    return live.subscribe({
      kinds,
      ...(tasks ? { tasks } : {}),
      read: () => latest.current.read(),
      event: (event) => latest.current.event(event),
    })
  }, [live, id])
}
