/** A field for the id of a task or of a request: it goes there. */
import { useState } from 'preact/hooks'
import { ApiError } from '../../../client/api-error.ts'
import type { OrchestratorClient } from '../../../client/client.ts'
import { useApp } from '../state/app.ts'
import { link } from '../state/router.ts'
import { explain } from '../ui/explain.ts'
import { SearchField } from '../ui/search-field.tsx'
import { isId } from './filters.ts'

export function GoTo() {
  const { router, session } = useApp()
  const [text, setText] = useState('')
  const [complaint, setComplaint] = useState<string | null>(null)
  const submit = async (event: Event) => {
    event.preventDefault()
    const id = text.trim()
    if (id === '') return
    const from = router.location.peek()
    const found = await find(session.client.peek(), id).catch((error: unknown) => ({ error }))
    // Whoever has gone elsewhere meanwhile stays there.
    if (router.location.peek() !== from) return
    if (typeof found === 'string') router.go(found)
    else
      setComplaint(
        found ? explain(found.error).message : 'Neither a task nor a request has this id.',
      )
  }
  const typed = (value: string) => {
    setText(value)
    setComplaint(null)
  }
  return (
    <form class="go-to end" onSubmit={submit} role="search">
      <SearchField label="Go to a task or request id" value={text} onInput={typed} />
      {complaint === null ? null : (
        <p class="complaint small" role="alert">
          {complaint}
        </p>
      )}
    </form>
  )
}

/** The address of the task, else of the list of the request; null: there is neither. */
async function find(client: OrchestratorClient, id: string): Promise<string | null> {
  if (!isId(id)) return null
  const task = await client.task(id).catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 404) return null
    throw error
  })
  if (task) return link(['tasks', task.id])
  const { tasks } = await client.tasks({ request_id: id, limit: 1, total: false })
  return tasks.length > 0 ? link(['tasks'], { request_id: id }) : null
}
