import { nameKey } from '../droplets/droplet.ts'

/**
 * Who asks. It is decided once for each request, where that comes in, and handed to every use
 * case in `tasks/`, which keep to it.
 */
export interface Caller {
  /** The name of its token; null where there are no tokens. */
  readonly identity: string | null
  /** The droplets whose tasks it may submit and see, each as `nameKey` gives it; null: all. */
  readonly droplets: ReadonlySet<string> | null
  readonly requestId: string
}

/** A caller of a service that is open to all. */
export function anyone(requestId: string): Caller {
  return { identity: null, droplets: null, requestId }
}

export function mayUse({ droplets }: Caller, dropletName: string): boolean {
  return droplets === null || droplets.has(nameKey(dropletName))
}

/** Which droplets the caller may see; undefined: all. */
export function visibleTo(caller: Caller): ((dropletName: string) => boolean) | undefined {
  return caller.droplets === null ? undefined : (name) => mayUse(caller, name)
}
