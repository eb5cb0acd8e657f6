/** The replies of the API, as its document has them. */
import type { Static } from 'typebox'
import type { SCHEMAS } from '../http/docs/schemas.ts'

type Schemas = typeof SCHEMAS

export type Accepted = Static<Schemas['Accepted']>
export type Droplets = Static<Schemas['Droplets']>
export type Droplet = Droplets['droplets'][number]
export type Info = Static<Schemas['Info']>
export type Metrics = Static<Schemas['Metrics']>
export type Outcome = Static<Schemas['Outcome']>
export type Overview = Static<Schemas['Overview']>
export type Page = Static<Schemas['TaskPage']>
export type Submission = Static<Schemas['SubmitTask']>
export type Task = Static<Schemas['Task']>
export type TaskItem = Page['tasks'][number]
export type Problem = Overview['problems'][number]

type Message = Static<Schemas['LiveEvent']>
type DataOf<E extends Message['event']> = Extract<Message, { event: E }>['data']

export type TaskEvent = DataOf<'task'>
export type OverviewEvent = DataOf<'overview'>

/** What `GET /orchestrator/events` sends; `id`: for `Last-Event-ID`. */
export type LiveEvent =
  | { readonly type: 'overview'; readonly id: string | null; readonly data: OverviewEvent }
  | { readonly type: 'task'; readonly id: string | null; readonly data: TaskEvent }
  | { readonly type: 'droplet'; readonly id: string | null; readonly data: Droplet }
  /** Events are missing here: what was read before may be out of date. */
  | { readonly type: 'reset'; readonly id: string | null; readonly data: DataOf<'reset'> }
