/** The flags of the tools that are run by hand. */
import { parseArgs } from 'node:util'

/**
 * Reads flags that are numbers. `--help`, and whatever is not understood, prints the usage and
 * ends the process.
 */
export function numberFlags<F extends Record<string, number>>(
  usage: string,
  defaults: F,
  isValid: (flags: F) => boolean,
): F {
  const options = Object.keys(defaults).map((name) => [name, { type: 'string' }] as const)
  try {
    const { values } = parseArgs({
      options: { ...Object.fromEntries(options), help: { type: 'boolean', short: 'h' } },
    })
    const { help, ...given } = values as Record<string, string> & { help?: boolean }
    if (help) {
      console.log(usage)
      process.exit(0)
    }
    const numbers = Object.entries(given).map(([name, text]) => [name, Number(text)])
    const flags = { ...defaults, ...Object.fromEntries(numbers) } as F
    if (isValid(flags)) return flags
  } catch (error) {
    console.error((error as Error).message.split('. ')[0])
  }
  console.error(usage)
  process.exit(64)
}
