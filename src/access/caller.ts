import type { DropletNames } from './droplet-names.ts'

/**
 * Who asks. It is decided once for each request, where that comes in, and handed to every use
 * case in `tasks/`, which keep to it.
 */
export interface Caller {
  /** The name of its token; null where there are no tokens. */
  readonly identity: string | null
  /** The droplets whose tasks it may submit and see; null: all. */
  readonly droplets: DropletNames | null
  readonly requestId: string
}

/** A caller of a service that is open to all. */
export function anyone(requestId: string): Caller {
  return { identity: null, droplets: null, requestId }
}

export function mayUse({ droplets }: Caller, dropletName: string): boolean {
  return droplets === null || droplets.has(dropletName)
}

/** Which droplets the caller may see; undefined: all. */
export function visibleTo({ droplets }: Caller): ((dropletName: string) => boolean) | undefined {
  return droplets === null ? undefined : (name) => droplets.has(name)
}

/**
 * An Idempotency-Key as it is kept. Each caller has its own: the same text of another caller is
 * another key. The name, not the token: a retry may come after a rotation. Neither a name nor a key
 * can have a space in it. Without tokens it is the plain key, as it always was.
 */
export function ownKey({ identity }: Caller, key: string): string {
  return identity === null ? key : `${identity} ${key}`
}
