/** Rows and columns that fit into a terminal. */
import { visible } from '../../platform/log-text.ts'
import { paint, type Colour } from './colours.ts'

export interface Column<T> {
  readonly heading: string
  text(row: T): string
  colour?(row: T): Colour | null
  /** In a table that goes on: how wide it is, unless something in it is wider. */
  readonly usual?: number
  /** Where there is no room, it is cut down to so many columns; not told: never. */
  readonly min?: number
  /**
   * Where that is not enough, those with the highest go first; so does, everywhere, one with
   * nothing in it. Not told: it stays.
   */
  readonly dispensable?: number
  readonly align?: 'right'
}

export interface TableOptions {
  /** Of the terminal. */
  readonly width: number
  readonly colour: boolean
  /** false: without the line of headings. */
  readonly headings?: boolean
  /** More rows will follow below these: the columns don't depend on what is in them. */
  readonly goesOn?: boolean
}

const GAP = 2

interface Laid<T> {
  readonly column: Column<T>
  readonly cells: readonly string[]
  width: number
}

/** A line for each row. It is wider than the terminal only if the columns that always stay are. */
export function table<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  { width, colour, headings = true, goesOn = false }: TableOptions,
): string {
  const all = columns.map((column) => layOut(column, rows, goesOn))
  const filled = all.filter(({ column, cells }) => rankOf(column) === 0 || cells.some(Boolean))
  const laid = fit(goesOn ? all : filled, width)
  const heading = laid.map(({ column, width: w }) => padded(column.heading, w, column, null))
  const lines = rows.map((row, at) => {
    const cells = laid.map(({ column, cells: texts, width: w }) => {
      const paintedAs = colour ? (column.colour?.(row) ?? null) : null
      return padded(cut(texts[at]!, w), w, column, paintedAs)
    })
    return cells.join(' '.repeat(GAP)).trimEnd()
  })
  const first = heading.join(' '.repeat(GAP)).trimEnd()
  const shown = headings ? [colour ? paint(first, 'dim') : first, ...lines] : lines
  return shown.map((line) => `${line}\n`).join('')
}

function layOut<T>(column: Column<T>, rows: readonly T[], goesOn: boolean): Laid<T> {
  const cells = rows.map((row) => visible(column.text(row)))
  const widths = [column.heading, ...cells].map((text) => Bun.stringWidth(text))
  const usual = goesOn ? (column.usual ?? 0) : 0
  return { column, cells, width: widths.reduce((a, b) => Math.max(a, b), usual) }
}

/** Leaves out the columns that there is no room for, and narrows the widest of the others. */
function fit<T>(laid: readonly Laid<T>[], width: number): Laid<T>[] {
  const kept = withRoom(laid, width)
  for (const each of kept) each.width = Math.max(leastWidth(each), Math.min(each.width, width))
  for (let over = total(kept.map((each) => each.width)) - width; over > 0; over--) {
    const wide = kept.filter((each) => each.width > leastWidth(each))
    if (wide.length === 0) break
    wide.reduce((a, b) => (b.width > a.width ? b : a)).width--
  }
  return kept
}

/** The least dispensable first; a small one may find room where one before it has not. */
function withRoom<T>(laid: readonly Laid<T>[], width: number): Laid<T>[] {
  const chosen: Laid<T>[] = []
  for (const each of laid.toSorted((a, b) => rankOf(a.column) - rankOf(b.column))) {
    if (rankOf(each.column) === 0 || leastOf([...chosen, each]) <= width) chosen.push(each)
  }
  return laid.filter((each) => chosen.includes(each))
}

const rankOf = <T>({ dispensable }: Column<T>) => dispensable ?? 0
const leastWidth = <T>({ column, width }: Laid<T>) => Math.min(width, column.min ?? width)
const leastOf = <T>(laid: readonly Laid<T>[]) => total(laid.map(leastWidth))
const total = (widths: readonly number[]) =>
  widths.reduce((sum, each) => sum + each, 0) + GAP * Math.max(0, widths.length - 1)

function padded(
  text: string,
  width: number,
  { align }: Pick<Column<unknown>, 'align'>,
  colour: Colour | null,
): string {
  const space = ' '.repeat(Math.max(0, width - Bun.stringWidth(text)))
  const painted = paint(text, colour)
  return align === 'right' ? space + painted : painted + space
}

/** At most so many columns of the terminal; an … in place of what is cut. */
export function cut(text: string, width: number): string {
  if (Bun.stringWidth(text) <= width) return text
  let kept = ''
  let used = 0
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    used += Bun.stringWidth(segment)
    if (used > width - 1) break
    kept += segment
  }
  return `${kept}…`
}
