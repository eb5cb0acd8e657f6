import { Empty } from '../ui/states.tsx'

export function SubmitView() {
  return <Empty title="Submit" />
}
