/** The call that submits a task again, for a shell. */

/** One word for sh, whatever is in it: also quotes and line ends. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

export interface Call {
  /** Absolute. */
  readonly url: string
  /** JSON. */
  readonly body: string
  readonly isAsync: boolean
  readonly needsToken: boolean
}

export function curlOf({ url, body, isAsync, needsToken }: Call): string {
  return [
    `curl -X POST ${quoted(url)}`,
    // In double quotes: the shell fills it in.
    ...(needsToken ? ['-H "Authorization: Bearer $ORCHESTRATOR_TOKEN"'] : []),
    `-H 'Content-Type: application/json'`,
    ...(isAsync ? [`-H 'Prefer: respond-async'`] : []),
    `--data-raw ${quoted(body)}`,
  ].join(' \\\n  ')
}
