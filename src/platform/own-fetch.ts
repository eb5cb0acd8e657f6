/**
 * A request to the service on this machine, for `orchestrator health`. Its certificate is for the
 * name that others use, and may be self-signed; nothing secret is sent, and all that is believed
 * is that somebody answers on our own port. So the certificate is not checked.
 */
export async function ownFetch(url: string, signal: AbortSignal): Promise<Response> {
  const tls = { rejectUnauthorized: false }
  // As `systemFetch`: no proxy of the environment.
  const options = { signal, redirect: 'manual', proxy: false, tls }
  return fetch(url, options as unknown as RequestInit)
}
