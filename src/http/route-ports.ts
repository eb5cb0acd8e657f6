import type { Admission } from './admission.ts'
import type { IdleLimit } from './idle-limit.ts'
import type { RequestBodies } from './request-bodies.ts'

/** What routes need besides the engine. */
export interface RoutePorts {
  admission: Admission
  /** For those that may take long. */
  idleLimit: IdleLimit
  /** For those that read a body. */
  bodies: RequestBodies
}
