import { inlineEngine, type Engine } from '../../src/store/driver.ts'
import { GroupCommitStore } from '../../src/store/group-commit.ts'
import { SqliteHistory } from '../../src/store/sqlite/history.ts'
import { threadEngine } from '../../src/store/sqlite/thread.ts'
import type { Clock } from '../../src/ports.ts'
import { allowRealTime } from '../support/eventually.ts'
import { recordingLog } from '../support/log.ts'
import { describeTaskStore } from '../support/task-store-suite.ts'
import { temporaryDir } from '../support/temporary.ts'

allowRealTime()

const over = (engine: Engine, clock: Clock) =>
  new GroupCommitStore(engine, { clock, log: recordingLog() })

describeTaskStore('inline, in memory', async (clock, retention) =>
  over(inlineEngine(new SqliteHistory(':memory:', retention)), clock),
)

describeTaskStore('in its thread, in memory', async (clock, retention) =>
  over(await threadEngine(':memory:', retention), clock),
)

describeTaskStore('in its thread, in a file', async (clock, retention) => {
  const dir = temporaryDir()
  const store = over(await threadEngine(dir.file('deep/er/tasks.db'), retention), clock)
  return Object.assign(store, { [Symbol.asyncDispose]: async () => dir[Symbol.dispose]() })
})
