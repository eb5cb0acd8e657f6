import { Empty } from '../ui/states.tsx'

export function TasksView() {
  return <Empty title="Tasks" />
}
