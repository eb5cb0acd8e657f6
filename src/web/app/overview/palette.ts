/** The colours of the page, for what is drawn on a canvas. */

const NAMES = {
  accent: '--accent',
  good: '--good',
  bad: '--bad',
  warn: '--warn',
  violet: '--violet',
  text: '--text',
  quiet: '--quiet',
  line: '--line',
  surface: '--surface',
} as const

export type ColourName = keyof typeof NAMES
export type Palette = Readonly<Record<ColourName, string>>

/** As they are at the moment: `rgb(…)`. They change with the theme. */
export function readPalette(): Palette {
  const probe = document.createElement('span')
  // A canvas has no colours of the reader's own: all lines would be of one.
  probe.style.setProperty('forced-color-adjust', 'none')
  document.body.append(probe)
  const read = (name: string) => {
    probe.style.color = `var(${name})`
    return getComputedStyle(probe).color
  }
  const palette = Object.fromEntries(Object.entries(NAMES).map(([name, at]) => [name, read(at)]))
  probe.remove()
  return palette as Palette
}

/** `rgb(1, 2, 3)` let through in part. */
export function faint(colour: string, part: number): string {
  return colour.replace('rgb(', 'rgba(').replace(')', `, ${part})`)
}
