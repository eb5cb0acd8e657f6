/** Something that is read from the API: what it is, or why it is not there. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { OrchestratorClient } from '../../../client/client.ts'
import { useApp } from './app.ts'

export interface Reading<T> {
  /** The last that could be read; null: nothing yet. */
  readonly value: T | null
  readonly error: unknown
  readonly isLoading: boolean
  /** Reads it again, and shows what is there until then. */
  reload(): void
}

/** `id` names what is read: when it changes, the old is forgotten and the new is read. */
export function useRead<T>(
  id: string,
  ask: (client: OrchestratorClient, signal: AbortSignal) => Promise<T>,
): Reading<T> {
  const { session } = useApp()
  const client = session.client.value
  const [state, setState] = useState<{ id: string; value: T | null; error: unknown }>()
  const [turn, setTurn] = useState(0)
  const latest = useRef(ask)
  latest.current = ask
  useEffect(() => {
    const abort = new AbortController()
    const set = (change: { value?: T; error: unknown }) => {
      if (abort.signal.aborted) return
      setState((old) => ({ value: old?.id === id ? old.value : null, ...change, id }))
    }
    latest.current(client, abort.signal).then(
      (value) => set({ value, error: null }),
      (error: unknown) => set({ error }),
    )
    return () => abort.abort()
  }, [client, id, turn])
  const current = state?.id === id ? state : null
  return {
    value: current?.value ?? null,
    error: current?.error ?? null,
    isLoading: current === null,
    reload: () => setTurn((turn) => turn + 1),
  }
}
