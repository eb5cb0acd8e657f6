/** The far end of the crash test: it remembers each request that it saw, and how it ended. */

export interface Seen {
  taskId: string
  attempt: number
  /** Which life of the service sent it. */
  life: number
  begun: number
  /** null while it is being served, or when the caller went away first. */
  ended: number | null
  status: number
}

export interface Droplet extends AsyncDisposable {
  readonly url: string
  readonly seen: Seen[]
  life: number
}

/** `/flaky` fails each task's first attempt, `/slow?ms=` takes its time. */
export function startDroplet(): Droplet {
  const seen: Seen[] = []
  const droplet = { seen, life: 0 }
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 60,
    async fetch(request) {
      const url = new URL(request.url)
      const attempt = Number(request.headers.get('x-attempt'))
      const status = url.pathname === '/flaky' && attempt === 1 ? 500 : 200
      const entry: Seen = {
        taskId: request.headers.get('x-task-id')!,
        attempt,
        life: droplet.life,
        begun: performance.now(),
        ended: null,
        status,
      }
      seen.push(entry)
      await Bun.sleep(Number(url.searchParams.get('ms') ?? 0))
      entry.ended = performance.now()
      return Response.json({ attempt }, { status })
    },
  })
  return Object.assign(droplet, {
    url: `http://127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: async () => void (await server.stop(true)),
  })
}
