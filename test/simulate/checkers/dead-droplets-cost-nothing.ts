/**
 * After the grace, a new synchronous task to a droplet whose circuit no answer opened is refused
 * at once, without a request.
 */
import type { Checker, Context } from '../check/checker.ts'

/** So much later, a clock may say that the grace is over. */
const MAX_GRACE_MS = 60_000

export function deadDropletsCostNothing({ world, model }: Context): Checker {
  const isDead = (droplet: string) => {
    const { circuit } = model.gates.of(droplet)
    return circuit.isBeyondGrace(world.now - world.skewMs(MAX_GRACE_MS)) && !circuit.openedByAnswer
  }

  return {
    gateEntered: ({ entry: { droplet, isNew } }) =>
      isNew && isDead(droplet) ? `it waits for ${droplet}, which is dead` : null,

    gateAnswered({ entry: { droplet, isNew, answer, at, answeredAt } }) {
      if (!isNew || at !== answeredAt || !isDead(droplet)) return null
      const isRefused = answer !== null && answer !== 'admitted' && answer.kind === 'circuit open'
      return isRefused ? null : `it is not refused, and ${droplet} is dead`
    },
  }
}
