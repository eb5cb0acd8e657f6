/** What a client gets in place of a reply. */

interface ErrorBody {
  readonly error?: {
    readonly code?: string
    readonly message?: string
    readonly details?: Record<string, unknown>
  }
}

/** The service has refused, in the envelope of all its errors; or something before it has. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    /** HTTP_502 and so on, when it was not the service that answered. */
    readonly code: string,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
    /** After how many seconds to try again; null: it does not say. */
    readonly retryAfterSeconds: number | null = null,
    /** The whole envelope as it came; null when it was not the service that answered. */
    readonly body: string | null = null,
  ) {
    super(message)
    this.name = 'ApiError'
  }

  static async of(response: Response): Promise<ApiError> {
    const { status, statusText } = response
    const text = await response.text().catch(() => '')
    const retryAfter = Number(response.headers.get('retry-after') ?? NaN)
    const { code, message, details } = bodyOf(text)
    return new ApiError(
      status,
      code ?? `HTTP_${status}`,
      message ?? `HTTP ${status} ${statusText}`.trim(),
      details ?? {},
      Number.isFinite(retryAfter) ? retryAfter : null,
      code === undefined ? null : text,
    )
  }
}

/** No answer: nobody listens there, or the connection broke. */
export class Unreachable extends Error {
  constructor(
    readonly url: string,
    cause: unknown,
  ) {
    super(`${url} cannot be reached`, { cause })
    this.name = 'Unreachable'
  }
}

function bodyOf(text: string): NonNullable<ErrorBody['error']> {
  try {
    return (JSON.parse(text) as ErrorBody | null)?.error ?? {}
  } catch {
    return {}
  }
}
