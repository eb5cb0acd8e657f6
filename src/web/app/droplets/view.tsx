import { Empty } from '../ui/states.tsx'

export function DropletsView() {
  return <Empty title="Droplets" />
}
