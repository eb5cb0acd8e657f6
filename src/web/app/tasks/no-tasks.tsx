/** A list without tasks: none match, or none has ever been. */
import { useApp } from '../state/app.ts'
import { link } from '../state/router.ts'
import { CopyButton } from '../ui/copy.tsx'
import { Empty } from '../ui/states.tsx'
import { inWords, type Filters } from './filters.ts'

export function NoTasks({ filters }: { filters: Filters }) {
  if (Object.keys(filters).length === 0) return <FirstTask />
  return (
    <Empty title="No task matches">
      <p class="quiet">
        Looked for: {inWords(filters)}. What comes and matches appears here by itself.
      </p>
      <a class="button" href={link(['tasks'])}>
        Show all tasks
      </a>
    </Empty>
  )
}

function FirstTask() {
  const { session } = useApp()
  const call = firstCall(session.hasToken.value)
  return (
    <Empty title="No task has come yet">
      <p class="quiet">
        The first one appears here as soon as it is submitted, by this for example:
      </p>
      <div class="example">
        <pre tabIndex={0}>{call}</pre>
        <CopyButton text={call} label="Copy the command">
          Copy
        </CopyButton>
      </div>
      {session.mayWrite.value ? (
        <a class="button primary" href={link(['submit'])}>
          Submit one here
        </a>
      ) : null}
    </Empty>
  )
}

function firstCall(needsToken: boolean): string {
  const url = new URL('tasks', window.location.href)
  url.hash = ''
  return [
    `curl -X POST '${url}'`,
    ...(needsToken ? ['-H "Authorization: Bearer $ORCHESTRATOR_TOKEN"'] : []),
    `-H 'Content-Type: application/json'`,
    `--data-raw '{"droplet_name":"echo","method":"GET","path":"/"}'`,
  ].join(' \\\n  ')
}
