/** Who a request is from. The one place that decides it. */
import { anyone, type Caller } from '../access/caller.ts'
import type { ResponseSettings } from './base.ts'

/** Everybody may ask for everything: there are no tokens. `set` has the id of the request. */
export function callerOf(_request: Request, set: ResponseSettings): Caller {
  return anyone(String(set.headers['x-request-id']))
}
