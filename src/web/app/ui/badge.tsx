/** A state, told by a shape and a word as well as by its colour. */
import type { ComponentChildren } from 'preact'
import type { Task } from '../../../client/types.ts'
import { Icon, type IconName } from './icon.tsx'

export type Tone = 'good' | 'bad' | 'warn' | 'busy' | 'calm'

interface BadgeProps {
  tone: Tone
  icon: IconName
  title?: string
  children: ComponentChildren
}

export function Badge({ tone, icon, title, children }: BadgeProps) {
  return (
    <span class={`badge ${tone}`} title={title}>
      <Icon name={icon} />
      {children}
    </span>
  )
}

const STATUSES: Record<Task['status'], readonly [Tone, IconName]> = {
  queued: ['calm', 'waiting'],
  running: ['busy', 'running'],
  success: ['good', 'check'],
  error: ['bad', 'cross'],
  timeout: ['warn', 'clock'],
  cancelled: ['calm', 'stop'],
}

export function StatusBadge({ status }: { status: Task['status'] }) {
  const [tone, icon] = STATUSES[status]
  return (
    <Badge tone={tone} icon={icon}>
      {status}
    </Badge>
  )
}
