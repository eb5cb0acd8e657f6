/** A fault of one view leaves the others, and says so in its place. */
import type { ComponentChildren } from 'preact'
import { useErrorBoundary } from 'preact/hooks'
import { ErrorBox } from '../ui/states.tsx'

export function Guard({ children }: { children: ComponentChildren }) {
  const [error, reset] = useErrorBoundary((error) => console.error(error))
  if (error === undefined) return <>{children}</>
  return <ErrorBox error={error} title="This page has a fault here" retry={reset} />
}
