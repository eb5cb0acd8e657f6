/** JSON with every digit of its numbers, where the browser tells how they were written. */

/** A number that JavaScript would write with other digits. */
export class Digits {
  constructor(private readonly text: string) {}

  toString(): string {
    return this.text
  }
}

type Reviver = (name: string, value: unknown, context?: { source?: string }) => unknown

export function parseExact(json: string): unknown {
  const keep: Reviver = (_, value, context) => {
    const source = context?.source
    const isKept = typeof value !== 'number' || source === undefined || String(value) === source
    return isKept ? value : new Digits(source)
  }
  try {
    return JSON.parse(json, keep as Parameters<typeof JSON.parse>[1])
  } catch (error) {
    // Thousands of levels deep: only what looks at each value runs out of stack.
    if (error instanceof RangeError) return JSON.parse(json)
    throw error
  }
}
