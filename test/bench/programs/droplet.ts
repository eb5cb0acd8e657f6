/**
 * The droplet that tasks are sent to, in a process of its own: it echoes, and while it is paused
 * it holds on to every request. `DELAY_MS`: how long it takes to answer.
 */
const delayMs = Number(process.env.DELAY_MS)
let gate: { open: Promise<void>; resume(): void } | null = null
let held = 0

Bun.serve({
  port: Number(process.env.PORT),
  hostname: '127.0.0.1',
  // Requests are held for longer than an idle connection lives.
  idleTimeout: 0,
  async fetch(request) {
    const { pathname } = new URL(request.url)
    if (pathname.startsWith('/control')) return control(pathname)
    if (pathname === '/health') return Response.json({ status: 'active' })
    const text = await request.text()
    if (gate) {
      held++
      await gate.open
      held--
    }
    if (delayMs > 0) await Bun.sleep(delayMs)
    return new Response(text || '{"ok":true}', { headers: { 'content-type': 'application/json' } })
  },
})

function control(pathname: string): Response {
  if (pathname === '/control/pause') gate ??= newGate()
  if (pathname === '/control/resume') {
    gate?.resume()
    gate = null
  }
  return Response.json({ held })
}

function newGate() {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { open: promise, resume: resolve }
}
