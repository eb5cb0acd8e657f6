/** What is wrong right now, the worst first; each leads to where more is to be seen. */
import type { OverviewEvent, Problem } from '../../../client/types.ts'
import { link } from '../state/router.ts'
import { count, plural } from '../ui/format.ts'
import { visible } from '../ui/visible.ts'
import { Icon } from '../ui/icon.tsx'

/** A whole mesh that is away would fill the page: the board shows them all. */
const MOST = 8

export function Problems({ problems }: { problems: readonly Problem[] }) {
  const rest = problems.length - MOST
  return (
    <section class="panel problems" aria-label="What is wrong now">
      <ul>
        {problems.slice(0, MOST).map((problem) => (
          <li key={`${problem.kind} ${problem.droplet ?? ''}`}>
            <a data-row href={placeOf(problem)} class={problem.severity}>
              <Icon name={problem.severity === 'error' ? 'cross' : 'warning'} />
              <span class="only-read">{problem.severity}: </span>
              <span>{visible(problem.message)}</span>
              <Icon name="arrow" />
            </a>
          </li>
        ))}
        {rest > 0 ? (
          <li>
            <a data-row href={link(['droplets'])}>
              <span>and {plural(rest, 'more', 'more')}, to be seen among the droplets</span>
              <Icon name="arrow" />
            </a>
          </li>
        ) : null}
      </ul>
    </section>
  )
}

function placeOf({ kind, droplet }: Problem): string {
  if (droplet !== null) return link(['droplets'], { q: droplet })
  if (kind === 'queue') return link(['tasks'], { status: 'queued' })
  if (kind === 'shutdown') return link(['tasks'], { status: 'running' })
  return link(kind === 'store' ? ['tasks'] : ['droplets'])
}

export function AllWell({ tasks, droplets }: Pick<OverviewEvent, 'tasks' | 'droplets'>) {
  const open = tasks.queued + tasks.running
  return (
    <p class="quiet">
      {plural(droplets.known, 'droplet')} known, {count(droplets.reachable)} reachable.{' '}
      {open === 0 ? 'No task is under way.' : `${plural(open, 'task')} under way.`}
    </p>
  )
}
