/** What the Registry answers instead of doing something. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    /** The body's only field. */
    readonly detail: unknown,
  ) {
    super('refused')
  }
}

/**
 * A validation error in the shape that FastAPI gives it, which the mesh's Registry uses. The
 * path of the error is a JSON Pointer into `where`.
 */
export function unprocessable(
  error: { path: string; message: string } | undefined,
  where: 'body' | 'path' = 'body',
): Refusal {
  const loc = [where, ...(error?.path ?? '').split('/').filter(Boolean)]
  return new Refusal(422, [{ loc, msg: error?.message ?? 'not valid', type: 'value_error' }])
}
