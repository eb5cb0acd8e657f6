import type { Admission } from './admission.ts'
import type { IdleLimit } from './idle-limit.ts'

/** What routes need besides the engine. */
export interface RoutePorts {
  admission: Admission
  /** For those that may take long. */
  idleLimit: IdleLimit
}
