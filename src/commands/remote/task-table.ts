/** Tasks as rows. */
import type { TaskItem } from '../../client/types.ts'
import { stateColour } from '../terminal/colours.ts'
import type { Column } from '../terminal/table.ts'
import { durationText, shortTimeText, timeText, zonelessTimeText } from '../terminal/texts.ts'

/** From so many columns on there is room for whole dates. */
const WIDE = 140
/** Below there is none for the zone. */
const NARROW = 100

/** `now`: ms; `width`: of the terminal. The ids are whole, so that they can be copied. */
export function taskColumns(now: number, width: number): Column<TaskItem>[] {
  const created = width < NARROW ? zonelessTimeText : width < WIDE ? shortTimeText : timeText
  return [
    { heading: 'ID', text: ({ id }) => id, usual: 36 },
    {
      heading: 'STATUS',
      text: ({ status }) => status,
      colour: ({ status }) => stateColour(status),
      usual: 9,
    },
    { heading: 'DROPLET', text: ({ droplet_name }) => droplet_name, usual: 16, min: 9 },
    { heading: 'HTTP', text: (task) => String(task.response_status ?? ''), dispensable: 3 },
    {
      heading: 'CREATED',
      text: ({ created_at }) => created(created_at, now),
      usual: width < NARROW ? 11 : 15,
      dispensable: 1,
    },
    {
      heading: 'TOOK',
      text: ({ duration_ms }) => durationText(duration_ms),
      usual: 7,
      align: 'right',
      dispensable: 4,
    },
    {
      heading: 'RETRIES',
      text: ({ retry_count }) => String(retry_count),
      align: 'right',
      dispensable: 6,
    },
    { heading: 'METHOD', text: ({ method }) => method, usual: 6, dispensable: 5 },
    { heading: 'TARGET', text: ({ target_url }) => target_url, usual: 40, min: 24, dispensable: 7 },
    {
      heading: 'ERROR',
      text: (task) => task.error_message ?? '',
      usual: 24,
      min: 12,
      dispensable: 2,
    },
  ]
}
