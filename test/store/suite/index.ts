/** What every task store must do, verb by verb. It knows nothing of what is below the store. */
import { describe } from 'bun:test'
import { testClaim } from './claim.ts'
import { testClose } from './close.ts'
import { testFilters } from './filters.ts'
import { testFind } from './find.ts'
import type { Harness } from './harness.ts'
import { testInsert } from './insert.ts'
import { testList } from './list.ts'
import { testRetention } from './retention.ts'
import { testSecrets } from './secrets.ts'
import { testUpdate } from './update.ts'

export function testTaskStore(harness: Harness): void {
  describe(harness.name, () => {
    testInsert(harness)
    testUpdate(harness)
    testFind(harness)
    testList(harness)
    testFilters(harness)
    testClaim(harness)
    testRetention(harness)
    testSecrets(harness)
    testClose(harness)
  })
}
