import { useEffect, useRef, useState } from 'preact/hooks'
import { useApp } from '../state/app.ts'
import { showFavicon } from './favicon.ts'
import { Icon } from '../ui/icon.tsx'

/** What RFC 6750 allows in a token. */
const TOKEN = /^[\w.~+/-]+=*$/

/** `reason`: why the token before is no good; null: there was none. */
export function SignIn({ reason }: { reason: string | null }) {
  const { session } = useApp()
  const [token, setToken] = useState('')
  const [complaint, setComplaint] = useState(reason)
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => field.current?.focus(), [complaint])
  // Nothing is left on the tab of what the last one saw.
  useEffect(() => {
    document.title = 'Sign in · Orchestrator'
    showFavicon('paused')
  }, [])
  const submit = (event: Event) => {
    event.preventDefault()
    const text = token.trim().replace(/^Bearer\s+/i, '')
    if (TOKEN.test(text)) return session.signIn(text)
    setComplaint(
      text === '' ? 'Paste a token first.' : 'That is not a token: it has signs that none has.',
    )
  }
  return (
    <main id="main" class="sign-in" tabIndex={-1} aria-label="Sign in">
      <form onSubmit={submit}>
        <h1>Sign in</h1>
        <p class="quiet">
          This service needs a token. It is kept in this tab until you close it or sign out, and is
          sent nowhere else.
        </p>
        <label for="token">Token</label>
        <input
          id="token"
          type="password"
          autocomplete="off"
          spellcheck={false}
          ref={field}
          value={token}
          aria-invalid={complaint !== null}
          aria-describedby={complaint === null ? undefined : 'token-complaint'}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        {complaint === null ? null : (
          <p id="token-complaint" class="complaint" role="alert">
            <Icon name="warning" />
            {complaint}
          </p>
        )}
        <button type="submit" class="button primary">
          Sign in
        </button>
        <p class="quiet small">
          Whoever runs the service makes one:{' '}
          <code>orchestrator token NAME --scope tasks:read</code>
        </p>
      </form>
    </main>
  )
}
