import ipaddr from 'ipaddr.js'

/** Whether only programs of this machine reach a service that listens at that address or name. */
export function isLoopback(host: string): boolean {
  if (!ipaddr.isValid(host)) return /^(?:[^.]+\.)*localhost$/i.test(host)
  return ipaddr.process(host).range() === 'loopback'
}
