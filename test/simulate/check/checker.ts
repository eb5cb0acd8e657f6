/** What a checker is: it hears of events, and says what is wrong. */
import type { ErrorCode } from '../../../src/errors.ts'
import type { FetchInit } from '../../../src/ports.ts'
import type { RefusedWrite, Write } from '../../../src/store/driver.ts'
import type { Hold } from '../../../src/store/shared/database.ts'
import type { Retention } from '../../../src/store/store.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { SimDisk } from '../environment/sim-disk.ts'
import type { AttemptResult } from '../../../src/events.ts'
import type { SimDroplet } from '../environment/sim-droplet.ts'
import type { SimRegistry } from '../environment/sim-registry.ts'
import type { Call } from '../model/call-models.ts'
import type { GateEntry, HeldPermit } from '../model/gate-model.ts'
import type { Model } from '../model/model.ts'
import type { SentRequest } from '../model/sent-request.ts'
import type { Transition } from '../model/task-models.ts'
import type { ListedTask, SubmissionAnswer, TaskAnswer } from '../service/answers.ts'
import type { MeshRules } from '../service/random-config.ts'
import type { ServiceReport } from '../service/service.ts'
import type { SimProcess } from '../service/sim-process.ts'
import type { SimStore } from '../service/sim-store.ts'
import type { World } from '../world/world.ts'

/** Everything that happens, and when the checkers hear of it. */
export interface Events {
  /** The service gives a new task its id; the model doesn't know it yet. */
  idIssued: About
  /** A write is on disk; the model has not taken it over yet. */
  writing: About & { kind: Write[0] }
  /** The disk wrote the neighbours of this write, but not the write. */
  writeRefused: About & { kind: Write[0]; reason: RefusedWrite['reason'] }
  /** The model has taken over the write. */
  written: About & Transition & { process: SimProcess }
  /** A request arrives at its droplet; the model has not taken it over yet. */
  sending: About & { attempt: number }
  /** The model has taken over the request. */
  sent: About & {
    request: SentRequest
    previous: SentRequest | undefined
    url: string
    init: FetchInit
    process: SimProcess
  }
  requestEnded: About & { request: SentRequest; process: SimProcess }
  /** A synchronous task asked for its place among all that run; the model knows of it. */
  seatAsked: About & { isGiven: boolean; process: SimProcess }
  /** An attempt waits at the gate; the model knows of it. */
  gateEntered: About & { entry: GateEntry; process: SimProcess }
  /** The gate has answered an attempt, at once or after a wait; the model knows of it. */
  gateAnswered: About & { entry: GateEntry; process: SimProcess }
  /** It is about to be given back; for the model it is back. */
  permitReleased: About & {
    permit: HeldPermit
    result: AttemptResult | null
    process: SimProcess
  }
  /** It is back, and the gate has drawn its conclusions. */
  permitIsBack: About & { permit: HeldPermit; process: SimProcess }
  /** The service says so in its log; the model has not taken it over yet. */
  circuitOpens: About & { droplet: string; process: SimProcess }
  circuitCloses: About & { droplet: string; process: SimProcess }
  /** An attempt goes while its circuit is open; the model doesn't know of it yet. */
  probeGoes: About & { droplet: string; process: SimProcess }
  /** Answers to callers. */
  submitAnswered: About & { call: Call } & SubmissionAnswer
  findAnswered: About & { call: Call; task: TaskAnswer }
  cancelAnswered: About & { call: Call; task: TaskAnswer }
  listAnswered: About & { call: Call; status: string; tasks: readonly ListedTask[] }
  refused: About & { call: Call; code: ErrorCode; details: Readonly<Record<string, unknown>> }
  failed: About & { call: Call; error: string }
  /** An error in the log, a rejection that nobody handles, a constraint that is not kept. */
  unexpectedError: About & { text: string }
  /** Of a shared store: what the database does now; the model doesn't know of it yet. */
  sessionDies: About & { session: string; how: 'left' | 'run out'; process: SimProcess }
  /** `session`: null: it is nobody's. */
  ownerChanges: About & { session: string | null; fence: number }
  heldWrite: About & { kind: Write[0]; hold: Hold | null }
  heldWriteRefused: About & {
    kind: Write[0]
    hold: Hold | null
    reason: RefusedWrite['reason']
  }
  undone: About
  deadAskedFor: About & { process: SimProcess }
  /** A node's events tell of the end of a task. */
  endTold: About & { process: SimProcess }
  /** Each event of the simulation: how many there have been without time going on. */
  stepped: About & { eventsAtThisMoment: number }
  /** Every few simulated seconds, while the service answers callers. */
  watch: About & { process: SimProcess; report: ServiceReport }
  /** Of several nodes: the same for all of them, whether they answer or not. */
  watchAll: About
  /** The wall clock is about to jump. */
  wallClockJumps: About
  /** Every few simulated minutes, and at the end. */
  audit: About
  /** A graceful stop is over, and the disk was healthy all the time. */
  stopped: About & { process: SimProcess }
  /** The end: nothing has been disturbed for hours, and no new work has come. */
  settled: About
}

interface About {
  /** The task that it is about. */
  taskId?: string | null
}

/** What is wrong with the event's task. */
type Finding = string | null

/** What is wrong with several tasks, or with none in particular. */
export interface TaskFinding {
  text: string
  taskId: string | null
}

export type Checker = {
  readonly [E in keyof Events]?: (event: Events[E]) => Finding | readonly TaskFinding[]
}

/** What checkers compare the service with. */
export interface Context {
  world: World
  model: Model
  disk: SimStore
  /** The disk, where there is one. */
  sqlite: SimDisk | null
  /** The other nodes; null: there is only this one. */
  cluster: Cluster | null
  registry: SimRegistry
  droplets: readonly SimDroplet[]
  retention: Retention
  rules: MeshRules
}

export type CreateChecker = (context: Context) => Checker
