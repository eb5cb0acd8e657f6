/** Small signs, drawn in the colour of the text beside them. */

/** On a field of 16 by 16; `f`: filled, else a line. */
const SHAPES = {
  check: { d: 'M3.5 8.5l3 3 6-7' },
  cross: { d: 'M4 4l8 8M12 4l-8 8' },
  warning: { d: 'M8 2.2l6.3 11.3H1.7zM8 6.5v3.2M8 11.6v.1' },
  clock: { d: 'M8 2a6 6 0 100 12A6 6 0 008 2zM8 5v3.2l2.2 1.6' },
  stop: { d: 'M8 2a6 6 0 100 12A6 6 0 008 2zM4 12l8-8' },
  waiting: { d: 'M3.2 8h.1M8 8h.1M12.7 8h.1' },
  running: { d: 'M5 3.2v9.6L12.5 8z', f: true },
  dot: { d: 'M8 4.5a3.5 3.5 0 100 7 3.5 3.5 0 000-7z', f: true },
  ring: { d: 'M8 4.5a3.5 3.5 0 100 7 3.5 3.5 0 000-7z' },
  copy: { d: 'M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z' },
  arrow: { d: 'M6 3.5L10.5 8 6 12.5' },
  sun: {
    d: 'M8 5a3 3 0 100 6 3 3 0 000-6zM8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.2 1.2M11.8 11.8L13 13M3 13l1.2-1.2M11.8 4.2L13 3',
  },
  moon: { d: 'M13.2 9.8A5.8 5.8 0 016.2 2.8a5.8 5.8 0 107 7z' },
  screen: { d: 'M2 3h12v8H2zM5.5 13.5h5' },
  search: { d: 'M7 2.5a4.5 4.5 0 100 9 4.5 4.5 0 000-9zM10.3 10.3L14 14' },
  out: { d: 'M9.5 3h-6v10h6M7 8h7M11.5 5.5L14 8l-2.5 2.5' },
  keyboard: { d: 'M1.5 4h13v8h-13zM4 6.5h.1M6.7 6.5h.1M9.3 6.5h.1M12 6.5h.1M5 9.5h6' },
  down: { d: 'M8 2.5v8M4.5 7.5L8 11l3.5-3.5M3 13.5h10' },
} as const

export type IconName = keyof typeof SHAPES

/** Never the only thing that says something: there is a word beside it, or a label on its button. */
export function Icon({ name }: { name: IconName }) {
  const shape: { d: string; f?: boolean } = SHAPES[name]
  return (
    <svg class={shape.f ? 'icon filled' : 'icon'} viewBox="0 0 16 16" aria-hidden="true">
      <path d={shape.d} />
    </svg>
  )
}
