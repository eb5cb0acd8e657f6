/** What was sent and what came back, each folded; nothing of it is ever HTML. */
import type { ComponentChildren } from 'preact'
import { Json } from '../ui/json.tsx'
import { visible } from '../ui/visible.ts'
import type { RawTask } from './submission.ts'

export function Bodies({ raw }: { raw: RawTask }) {
  const { task, payload, meta, responseBody } = raw
  const headers = Object.entries(task.headers as Record<string, string>)
  return (
    <>
      <Fold title="Answer" isOpen>
        {responseBody === 'null' ? (
          <p class="quiet">{task.completed_at === null ? 'None yet.' : 'It had no body.'}</p>
        ) : (
          <>
            {isCut(responseBody) ? <Cut /> : null}
            <Json text={responseBody} fileName={`${task.id}-answer.json`} />
          </>
        )}
      </Fold>
      <Fold title="Request" isOpen={payload !== 'null' || headers.length > 0}>
        {headers.length + task.secret_headers.length > 0 ? <Headers task={task} /> : null}
        {payload === 'null' ? (
          <p class="quiet">It had no payload.</p>
        ) : (
          <Json text={payload} fileName={`${task.id}-payload.json`} />
        )}
      </Fold>
      {meta === 'null' ? null : (
        <Fold title="Meta">
          <Json text={meta} fileName={`${task.id}-meta.json`} />
        </Fold>
      )}
    </>
  )
}

interface FoldProps {
  title: string
  isOpen?: boolean
  children: ComponentChildren
}

function Fold({ title, isOpen = false, children }: FoldProps) {
  return (
    <details class="panel fold" open={isOpen}>
      <summary>
        <h2>{title}</h2>
      </summary>
      <div class="fold-body">{children}</div>
    </details>
  )
}

/** Its marker is there in its place. */
const isCut = (json: string) => json.startsWith('{"_truncated":true')

function Cut() {
  return (
    <p class="quiet">
      It was too large to be kept. Who submitted the task and waited for it has had it whole.
    </p>
  )
}

function Headers({ task }: { task: RawTask['task'] }) {
  return (
    <dl class="headers mono">
      {Object.entries(task.headers as Record<string, string>).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <bdi class="any">{visible(value)}</bdi>
          </dd>
        </div>
      ))}
      {task.secret_headers.map((name) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="quiet">secret: its value is not kept</dd>
        </div>
      ))}
    </dl>
  )
}
