import { useApp } from '../state/app.ts'
import { link } from '../state/router.ts'
import { THEMES, type ThemeChoice } from '../state/theme.ts'
import { Icon, type IconName } from '../ui/icon.tsx'
import { ConnectionSign } from './connection.tsx'
import { AREAS, findView } from './views.tsx'

export function Header({ showKeys }: { showKeys: () => void }) {
  const { session } = useApp()
  const isIn = session.state.value.kind === 'in'
  return (
    <header class="header">
      <a class="brand" href={link([])}>
        <Mark />
        <span>Orchestrator</span>
      </a>
      {isIn ? <Navigation /> : null}
      <div class="header-tools">
        {isIn ? <ConnectionSign /> : null}
        {isIn ? <Account /> : null}
        <button
          type="button"
          class="button icon-only keys-button"
          title="Keys (?)"
          aria-label="Keys"
          onClick={showKeys}
        >
          <Icon name="keyboard" />
        </button>
        <ThemeSwitch />
      </div>
    </header>
  )
}

function Navigation() {
  const { router, session, overview } = useApp()
  const area = findView(router.location.value.path)?.view.area
  const wrong = overview.problems.value.length
  return (
    <nav class="nav" aria-label="Views">
      {AREAS.filter(({ writes }) => !writes || session.mayWrite.value).map(({ path, title }) => (
        <a
          key={path}
          href={link(path ? [path] : [])}
          aria-current={area === path ? 'page' : undefined}
        >
          {title}
          {path === '' && wrong > 0 ? (
            <span class="count">
              {wrong}
              <span class="only-read"> wrong now</span>
            </span>
          ) : null}
        </a>
      ))}
    </nav>
  )
}

function Account() {
  const { session } = useApp()
  if (!session.hasToken.value) return null
  const access = session.access.value
  const isReader = access !== null && !session.mayWrite.value
  const sees = access?.droplets ? `; it sees ${access.droplets.join(', ')}` : ''
  return (
    <>
      {access?.name ? (
        <span class="account" title={`The token in use${sees}`}>
          {access.name}
          {isReader ? <span class="quiet"> reads only</span> : null}
        </span>
      ) : null}
      <button
        type="button"
        class="button icon-only"
        title="Sign out"
        aria-label="Sign out"
        onClick={() => session.signOut()}
      >
        <Icon name="out" />
      </button>
    </>
  )
}

const THEME_SIGNS: Record<ThemeChoice, readonly [IconName, string]> = {
  system: ['screen', 'Colours as the system has them'],
  light: ['sun', 'Light'],
  dark: ['moon', 'Dark'],
}

function ThemeSwitch() {
  const { theme } = useApp()
  return (
    <div class="theme-switch" role="group" aria-label="Colours">
      {THEMES.map((choice) => {
        const [icon, label] = THEME_SIGNS[choice]
        return (
          <button
            key={choice}
            type="button"
            title={label}
            aria-label={label}
            aria-pressed={theme.choice.value === choice}
            onClick={() => theme.choose(choice)}
          >
            <Icon name={icon} />
          </button>
        )
      })}
    </div>
  )
}

/** Three in, one out. */
function Mark() {
  return (
    <svg class="mark" viewBox="0 0 20 20" aria-hidden="true">
      <path d="M3 4c7 0 4 6 8 6M3 10h8M3 16c7 0 4-6 8-6" />
      <circle cx="14.5" cy="10" r="3" />
    </svg>
  )
}
