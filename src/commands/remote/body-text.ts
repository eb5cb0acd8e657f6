/** Payloads and answers on a terminal. */
import { membersOf, type Member } from '../../json-text.ts'
import { visible } from '../../platform/log-text.ts'
import { cut } from '../terminal/table.ts'
import { counted, indented } from '../terminal/texts.ts'

const MAX_LINES = 200
/** Of one line, columns; the terminal breaks it. */
const MAX_LINE = 2000

/** The member's value as the reply had it; null when there is none. */
export function rawMember(text: string, name: string): string | null {
  const members: readonly Member[] = membersOf(text, Infinity) ?? []
  return members.find((member) => member.name === name)?.text ?? null
}

/** Lines for people: a text as it is, anything else as indented JSON; nothing for null. */
export function bodyText(json: string | null): string {
  if (json === null || json === 'null') return ''
  const text = json.startsWith('"') ? (JSON.parse(json) as string) : indented(json)
  const lines = text.trimEnd().split(/\r?\n/)
  const shown = lines.slice(0, MAX_LINES).map((line) => `${cut(visible(line), MAX_LINE)}\n`)
  const more = lines.length - shown.length
  return shown.join('') + (more > 0 ? `… and ${counted(more, 'line')} more: --json has all\n` : '')
}
