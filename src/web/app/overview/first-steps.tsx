/** The page of a service that has had no task yet: what to do first. */
import type { Droplet } from '../../../client/types.ts'
import { useApp } from '../state/app.ts'
import { link } from '../state/router.ts'
import { useRead } from '../state/use-read.ts'
import { CopyButton } from '../ui/copy.tsx'
import { ErrorBox, Loading } from '../ui/states.tsx'
import { firstCommands } from './commands.ts'

export function FirstSteps() {
  const { overview } = useApp()
  // Read again when there are more of them.
  const known = overview.now.value?.droplets.known ?? 0
  const { value, error, reload } = useRead(`${known} droplets`, (client, signal) =>
    client.droplets({}, signal),
  )
  if (error) {
    return <ErrorBox error={error} title="The droplets cannot be listed" retry={reload} />
  }
  if (!value) return <Loading />
  const droplet = value.droplets.find(isThere) ?? value.droplets[0]
  return (
    <section class="panel first-steps">
      {droplet ? <Steps droplet={droplet.name} /> : <NoDroplet />}
    </section>
  )
}

const isThere = ({ reachable, status }: Droplet) => reachable === true && status === 'active'

function Steps({ droplet }: { droplet: string }) {
  const { session } = useApp()
  const base = new URL('.', location.href).href.replace(/\/$/, '')
  const mayWrite = session.mayWrite.value
  return (
    <>
      <h2>There has been no task yet</h2>
      <p class="quiet">
        A task is one request to a droplet: the service finds it, calls it, tries again when that
        fails, and remembers how it went.{' '}
        {mayWrite
          ? 'Send the first from a terminal, and see it here:'
          : 'This token may not send one; with another these commands do:'}
      </p>
      <ol>
        {firstCommands(base, droplet, session.hasToken.value).map(({ title, command }) => (
          <li key={title}>
            <p>{title}</p>
            <div class="command">
              <pre tabIndex={0}>{command}</pre>
              <CopyButton text={command} label={`Copy: ${title}`} />
            </div>
          </li>
        ))}
      </ol>
      {mayWrite ? (
        <p>
          Or fill in a form: <a href={link(['submit'])}>submit a task</a>. All that the API can do
          is in its <a href="docs">documents</a>.
        </p>
      ) : null}
    </>
  )
}

function NoDroplet() {
  const { session } = useApp()
  return (
    <>
      <h2>There has been no task yet, and no droplet is known</h2>
      <p class="quiet">
        Tasks go to the droplets that the Registry lists, and it lists none. Add one there: it is
        shown here with the next sync.
      </p>
      {session.isAdmin.value ? <RegistryPlace /> : null}
    </>
  )
}

/** Only an admin is told. */
function RegistryPlace() {
  const { value } = useRead('info', (client, signal) => client.info(signal))
  if (!value) return null
  return (
    <p class="quiet">
      The Registry is <code>{value.registry_url}</code>.
    </p>
  )
}
