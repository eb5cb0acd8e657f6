/** The service aborts a request only for a timeout, a cancellation or a shutdown. */
import { abortReasons } from '../model/rules.ts'
import type { Checker, Context } from '../check/checker.ts'

export function abortsHaveAReason({ world }: Context): Checker {
  return {
    requestEnded({ request, process }) {
      if (request.result?.kind !== 'aborted') return null
      const reasons = abortReasons(request, process, world)
      return reasons.length > 0 ? null : 'its request was aborted for no reason'
    },
  }
}
