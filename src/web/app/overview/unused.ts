import { useApp } from '../state/app.ts'
import { useRead } from '../state/use-read.ts'

/** Whether there has never been a task, as far as the caller may see. */
export function useIsUnused(): boolean {
  const { overview } = useApp()
  const now = overview.now.value
  const isQuiet =
    now !== null &&
    now.tasks.queued + now.tasks.running === 0 &&
    !overview.series.value?.ended.some((ended) => ended > 0)
  // Asked once, and only where nothing else has answered it.
  const { value } = useRead(isQuiet ? 'first task' : 'nothing', async (client, signal) =>
    isQuiet ? (await client.tasks({ limit: 1, total: false }, signal)).tasks.length === 0 : false,
  )
  return isQuiet && value === true
}
