/** Which view stands where. A new view is one line here. */
import type { ComponentType } from 'preact'
import { DropletsView } from '../droplets/view.tsx'
import { OverviewView } from '../overview/view.tsx'
import { SubmitView } from '../submit/view.tsx'
import { TaskView } from '../task/view.tsx'
import { TasksView } from '../tasks/list.tsx'

export interface ViewProps {
  /** What the address has where the path has `:`; '' without. */
  id: string
}

export interface View {
  /** `tasks/:`: of a task. */
  readonly path: string
  readonly title: string
  readonly component: ComponentType<ViewProps>
  /** Which of the links in the header is lit. */
  readonly area: string
}

export interface Area {
  readonly path: string
  readonly title: string
  /** As `Binding.keys`. */
  readonly keys: string
  /** Not shown without tasks:write. */
  readonly writes?: true
}

export const VIEWS: readonly View[] = [
  { path: '', title: 'Overview', component: OverviewView, area: '' },
  { path: 'droplets', title: 'Droplets', component: DropletsView, area: 'droplets' },
  { path: 'tasks', title: 'Tasks', component: TasksView, area: 'tasks' },
  { path: 'tasks/:', title: 'Task', component: TaskView, area: 'tasks' },
  { path: 'submit', title: 'Submit a task', component: SubmitView, area: 'submit' },
]

export const AREAS: readonly Area[] = [
  { path: '', title: 'Overview', keys: 'g o' },
  { path: 'droplets', title: 'Droplets', keys: 'g d' },
  { path: 'tasks', title: 'Tasks', keys: 'g t' },
  { path: 'submit', title: 'Submit', keys: 'n', writes: true },
]

/** null: there is no such view. */
export function findView(path: readonly string[]): { view: View; id: string } | null {
  for (const view of VIEWS) {
    const parts = view.path === '' ? [] : view.path.split('/')
    if (parts.length !== path.length) continue
    if (!parts.every((part, i) => part === ':' || part === path[i])) continue
    return { view, id: path[parts.indexOf(':')] ?? '' }
  }
  return null
}
