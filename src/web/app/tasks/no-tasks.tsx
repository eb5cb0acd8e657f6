/** A list without tasks: none match, or none has ever been. */
import { FirstSteps } from '../overview/first-steps.tsx'
import { link } from '../state/router.ts'
import { Empty } from '../ui/states.tsx'
import { visible } from '../ui/visible.ts'
import { inWords, type Filters } from './filters.ts'

export function NoTasks({ filters }: { filters: Filters }) {
  if (Object.keys(filters).length === 0) return <FirstSteps />
  return (
    <Empty title="No task matches">
      <p class="quiet">
        Looked for: {visible(inWords(filters))}. What comes and matches appears here by itself.
      </p>
      <a class="button" href={link(['tasks'])}>
        Show all tasks
      </a>
    </Empty>
  )
}
