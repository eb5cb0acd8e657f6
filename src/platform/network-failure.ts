import { codeOf, errorText } from '../errors.ts'

/** Bun's texts for these name its own options, or say less than the code does. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was closed before the answer was complete',
  EPIPE: 'the connection was closed before the request was sent',
  ETIMEDOUT: 'the connection timed out',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  EMFILE: 'this process has no file descriptors left',
  ENFILE: 'this machine has no file descriptors left',
  FailedToOpenSocket: 'no connection could be opened',
  ENOTFOUND: 'no address is known for the name',
  EAI_AGAIN: 'the name service does not answer',
  EAI_FAIL: 'the name service failed',
  ERR_INVALID_URL: 'the URL is not valid',
  EPROTO: 'no TLS connection could be made',
  TLSHandshakeFailed: 'no TLS connection could be made',
  CERT_HAS_EXPIRED: 'the certificate has expired',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet',
  CERT_REVOKED: 'the certificate was revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate is of an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT: 'the certificate is of an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate is of an unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate is of an unknown authority',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another name',
  Malformed_HTTP_Response: 'the answer is not HTTP',
  InvalidHTTPResponse: 'the answer is not HTTP as it should be',
  InvalidContentLength: "the answer's Content-Length is not a number",
  UnsupportedTransferEncoding: "the answer's Transfer-Encoding is not supported",
  ResponseHeadersTooLarge: "the answer's headers are too large",
}

/**
 * Why a request failed, as one line: the code that programs look for, then plain words. Of an
 * error that is not known here it is the text, less what Bun advises those who call fetch.
 */
export function failureText(error: unknown): string {
  const code = codeOf(error)
  const words = typeof code === 'string' && Object.hasOwn(WORDS, code) ? WORDS[code] : undefined
  return words === undefined ? withoutAdvice(errorText(error)) : `${String(code)}: ${words}`
}

const ADVICE = [
  ' For more information, pass',
  ' fetching "',
  ' Is the computer',
  ' Was there a typo',
]

function withoutAdvice(text: string): string {
  const found = ADVICE.map((advice) => text.indexOf(advice)).filter((at) => at >= 0)
  return found.length === 0 ? text : text.slice(0, Math.min(...found)).replace(/\.$/, '')
}
