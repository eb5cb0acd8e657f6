/** What is round every view: the header, the connection, the keys. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { useApp, useKeys } from '../state/app.ts'
import { link } from '../state/router.ts'
import { BulkStrip } from '../tasks/bulk-panel.tsx'
import { Empty } from '../ui/states.tsx'
import { ConnectionStrip } from './connection.tsx'
import { showFavicon } from './favicon.ts'
import { Header } from './header.tsx'
import { KeysHelp } from './keys-help.tsx'
import { Guard } from './guard.tsx'
import { SignIn } from './sign-in.tsx'
import { AREAS, findView } from './views.tsx'

export function Frame() {
  const { session } = useApp()
  const [isHelpOpen, setHelpOpen] = useState(false)
  useGlobalKeys(() => setHelpOpen(true))
  const state = session.state.value
  return (
    <>
      <a class="skip" href="#main" onClick={skipToMain}>
        Skip to the content
      </a>
      <Header showKeys={() => setHelpOpen(true)} />
      {state.kind === 'out' ? <SignIn reason={state.reason} /> : <Content />}
      {isHelpOpen ? <KeysHelp close={() => setHelpOpen(false)} /> : null}
    </>
  )
}

function Content() {
  const { router } = useApp()
  const location = router.location.value
  const first = useRef(location)
  const { path } = location
  const found = findView(path)
  const title = found?.view.title ?? 'Not found'
  const main = useRef<HTMLElement>(null)
  useTitle(found?.id ? `${title} ${found.id}` : title)
  useFocusOnChange(main, path.join('/'))
  return (
    <>
      <ConnectionStrip />
      <BulkStrip />
      <main id="main" ref={main} tabIndex={-1} aria-label={title}>
        {found ? (
          // Another task is another view.
          <Guard key={path.join('/')}>
            <Top isFirst={location === first.current} />
            <found.view.component id={found.id} />
          </Guard>
        ) : (
          <Empty title="There is nothing at this address">
            <a class="button" href={link([])}>
              To the overview
            </a>
          </Empty>
        )}
      </main>
      <Footer />
    </>
  )
}

/** Before the view, which may know better: the last one's place is not the next one's. */
function Top({ isFirst }: { isFirst: boolean }) {
  useLayoutEffect(() => {
    // The first one is there already; to ask takes long.
    if (!isFirst) window.scrollTo({ top: 0 })
  }, [])
  return null
}

function Footer() {
  const service = useApp().overview.service.value
  const [zone, setZone] = useState('')
  // After the first picture: it takes long to find out.
  useEffect(() => setZone(Intl.DateTimeFormat().resolvedOptions().timeZone), [])
  return (
    <footer class="footer">
      <span>{service && `Orchestrator ${service.version}`}</span>
      {service?.node && (
        <span title="Charts, what runs and the state of droplets are of this node; tasks are of all nodes">
          Node {service.node}
        </span>
      )}
      <a href="docs">API documents</a>
      <span>{zone && `Times are in ${zone}`}</span>
    </footer>
  )
}

/** Who can't see the page is told of a new view; who can, starts at its top. */
function useFocusOnChange(main: { current: HTMLElement | null }, path: string): void {
  const before = useRef(path)
  useEffect(() => {
    if (before.current === path) return
    before.current = path
    main.current?.focus({ preventScroll: true })
  }, [path])
}

/** The tab, too, tells how it is, as far as that is known. */
function useTitle(title: string): void {
  const { overview, live } = useApp()
  const { kind } = live.connection.value
  const isKnown = kind !== 'lost' && kind !== 'paused'
  const wrong = isKnown ? overview.problems.value.length : 0
  const sign = !isKnown ? kind : wrong > 0 ? 'wrong' : 'well'
  useEffect(() => {
    document.title = `${wrong > 0 ? `(${wrong}) ` : ''}${title} · Orchestrator`
  }, [title, wrong])
  useEffect(() => showFavicon(sign), [sign])
}

/** The address names the view: a link to a place in it would change it. */
function skipToMain(event: Event): void {
  event.preventDefault()
  document.getElementById('main')?.focus()
}

function useGlobalKeys(showKeys: () => void): void {
  const { router, session } = useApp()
  useKeys([
    { keys: '?', label: 'These keys', run: showKeys },
    ...AREAS.filter(({ writes }) => !writes || session.mayWrite.value).map(
      ({ path, title, keys }) => ({
        keys,
        label: title,
        run: () => router.go(link(path ? [path] : [])),
      }),
    ),
    { keys: 'Escape', label: 'Leave a field, close what is open', run: leaveField },
  ])
}

function leaveField(): boolean {
  const { activeElement } = document
  if (!(activeElement instanceof HTMLElement) || activeElement === document.body) return false
  activeElement.blur()
  return true
}
