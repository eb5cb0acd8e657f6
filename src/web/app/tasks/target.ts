/** The part of a target that says something beside the droplet's name. */
export function pathOf(targetUrl: string): string {
  const start = targetUrl.indexOf('/', targetUrl.indexOf('://') + 3)
  return start < 0 ? '/' : targetUrl.slice(start)
}

/** Of RFC 9110 and the like: what people know by heart, and what they look up. */
const WORDS: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  301: 'Moved Permanently',
  302: 'Found',
  304: 'Not Modified',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  410: 'Gone',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}

/** What failed, where the answer's status does not say it already. */
export function faultOf(error: string | null, status: number | null): string | null {
  return error === `HTTP ${status}` ? null : error
}

/** `404 Not Found`. */
export function answerWords(status: number | null): string {
  return status === null ? 'No answer' : `${status} ${WORDS[status] ?? ''}`.trim()
}
