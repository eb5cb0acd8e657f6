import type { ViewProps } from '../frame/views.tsx'
import { Empty } from '../ui/states.tsx'

export function TaskView({ id }: ViewProps) {
  return <Empty title={`Task ${id}`} />
}
