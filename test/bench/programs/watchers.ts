/**
 * What is open on a second screen: WATCHERS pages' streams of events, read as they come, and
 * Prometheus, which asks for the metrics of URL every 5 s. Ends with its parent.
 */
const { URL: url, WATCHERS, PORT } = process.env
const headers = { accept: 'application/openmetrics-text;version=1.0.0' }
let bytes = 0

async function watch(): Promise<void> {
  const response = await fetch(`${url}/orchestrator/events?task_rate=40`)
  for await (const chunk of response.body!) bytes += chunk.length
}

for (let each = 0; each < Number(WATCHERS); each++) void watch()
setInterval(
  () => void fetch(`${url}/orchestrator/metrics`, { headers }).then((it) => it.text()),
  5000,
)

Bun.serve({
  port: Number(PORT),
  hostname: '127.0.0.1',
  fetch: () => Response.json({ bytes }),
})
