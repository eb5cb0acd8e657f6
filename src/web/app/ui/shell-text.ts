/** The text as one word of a shell, whatever is in it: also quotes and line ends. */
export function shellText(text: string): string {
  return /^[\w./:@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
