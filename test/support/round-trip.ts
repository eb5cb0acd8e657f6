/** A request and its answer over loopback, through the thread in which Bun's fetch works. */
let server: Bun.Server<undefined> | undefined

/** Resolves when that thread has had its turn: what the process sent and got before is through. */
export async function roundTrip(): Promise<void> {
  if (!server) {
    server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
    server.unref()
  }
  await (await fetch(server.url)).arrayBuffer()
}
