/** Which rows of a long list are made: those that can be seen, and some around them. */

export interface View {
  readonly scrollTop: number
  readonly height: number
  readonly rowHeight: number
}

export interface Window {
  /** The first row; `to` is not one of them. */
  readonly from: number
  readonly to: number
}

/** Rows above and below: a fast scroll must not show a gap. */
const AROUND = 12
/** In steps, so that not every pixel makes other rows. */
const STEP = 4

export function windowOf({ scrollTop, height, rowHeight }: View, count: number): Window {
  const first = Math.floor(Math.max(0, scrollTop) / rowHeight)
  const last = Math.ceil((Math.max(0, scrollTop) + height) / rowHeight)
  const from = Math.max(0, Math.floor((first - AROUND) / STEP) * STEP)
  const to = Math.min(count, Math.ceil((last + AROUND) / STEP) * STEP)
  return { from: Math.min(from, to), to }
}

/** Where to scroll so that the row can be seen whole; the same when it can be already. */
export function scrollTo({ scrollTop, height, rowHeight }: View, row: number): number {
  const top = row * rowHeight
  if (top < scrollTop) return top
  return Math.max(scrollTop, top + rowHeight - height)
}

/** Whether so few rows are left below that the next page is wanted. */
export function isNearEnd({ scrollTop, height, rowHeight }: View, count: number): boolean {
  return scrollTop + height > (count - 2 * AROUND) * rowHeight
}
