import { Empty } from '../ui/states.tsx'

export function OverviewView() {
  return <Empty title="Overview" />
}
