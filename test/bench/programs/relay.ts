/**
 * The baseline of the benchmark: the least that a router can do on this machine. It parses the
 * JSON, fetches, replies; it checks nothing, retries nothing, remembers nothing.
 */
const upstream = process.env.UPSTREAM

Bun.serve({
  port: Number(process.env.PORT),
  hostname: '127.0.0.1',
  async fetch(request) {
    if (request.method === 'GET') return new Response('up')
    const task = (await request.json()) as { method: string; path: string; payload: unknown }
    const answer = await fetch(upstream + task.path, {
      method: task.method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(task.payload),
    })
    const headers = { 'content-type': 'application/json' }
    return new Response(await answer.text(), { headers })
  },
})
