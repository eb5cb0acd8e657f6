import { connect } from 'node:tls'

/**
 * Until when the certificate is good that a server shows, ms since the epoch. It is asked at
 * `address`, as `name`; nothing but the handshake is sent. Rejects when there is no connection, and
 * ends with the signal. The certificate is not checked: the caller has made a request before.
 */
export function certificateEnd(
  { address, port, name }: { address: string; port: number; name: string },
  signal: AbortSignal,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { host: address, port, servername: name, rejectUnauthorized: false }
    const socket = connect(options, () => {
      resolve(Date.parse(socket.getPeerCertificate().valid_to))
      socket.destroy()
    })
    socket.on('error', reject)
    signal.addEventListener('abort', () => socket.destroy(new Error('ended')))
  })
}
