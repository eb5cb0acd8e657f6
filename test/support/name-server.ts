/** A name service on 127.0.0.1, port 53: for a network namespace of its own. */
import ipaddr from 'ipaddr.js'

const TYPES = { A: 1, AAAA: 28 } as const

/** `addressesOf`: of a name, each time it is asked for. Time to live: 0. */
export async function startNameServer(
  addressesOf: (name: string, type: keyof typeof TYPES) => readonly string[],
): Promise<Disposable> {
  const socket = await Bun.udpSocket({
    hostname: '127.0.0.1',
    port: 53,
    socket: {
      data: (own, query, port, address) => void own.send(answerTo(query), port, address),
    },
  })

  // RFC 1035, section 4.1.
  function answerTo(query: Buffer): Buffer {
    let end = 12
    const labels: string[] = []
    while (query[end] !== 0) {
      const length = query[end]!
      labels.push(query.toString('ascii', end + 1, end + 1 + length))
      end += 1 + length
    }
    const type = query.readUInt16BE(end + 1)
    const question = query.subarray(12, end + 5)
    const kind = type === TYPES.A ? 'A' : type === TYPES.AAAA ? 'AAAA' : null
    const found = kind ? addressesOf(labels.join('.').toLowerCase(), kind) : []
    const records = found.map((address) => {
      const bytes = ipaddr.parse(address).toByteArray()
      // A pointer to the name of the question, then the type, IN, the time to live, the length.
      const head = [0xc0, 12, 0, type, 0, 1, 0, 0, 0, 0, 0, bytes.length]
      return Buffer.from([...head, ...bytes])
    })
    const head = Buffer.from([
      ...query.subarray(0, 2),
      0x81,
      0x80,
      0,
      1,
      0,
      records.length,
      0,
      0,
      0,
      0,
    ])
    return Buffer.concat([head, question, ...records])
  }

  return { [Symbol.dispose]: () => socket.close() }
}
