/** What `dev` prints once it is ready. `url` and `registryUrl`: without a path. */
export function welcome(url: string, registryUrl: string): string {
  return `
The page:      ${url}/orchestrator/
Its documents: ${url}/orchestrator/docs
The Registry:  ${registryUrl}/droplets

Open the page, and try in another terminal:

  # Is it well? Which droplets does it know?
  curl ${url}/orchestrator/health
  curl ${url}/orchestrator/droplets

  # Send a task to a droplet and get its answer
  curl -X POST ${url}/orchestrator/tasks -H 'Content-Type: application/json' \\
    -d '{"droplet_name":"echo","method":"POST","path":"/hello","payload":{"hello":"world"}}'

  # A droplet that fails twice: the answer comes after 1 s and 2 s of waiting
  curl -X POST ${url}/orchestrator/tasks -H 'Content-Type: application/json' \\
    -d '{"droplet_name":"echo","path":"/hello?status=503&fail_attempts=2"}'

  # Don't wait for a slow one: 202 at once, and the task goes on
  curl -X POST ${url}/orchestrator/tasks -H 'Content-Type: application/json' \\
    -H 'Prefer: respond-async' -d '{"droplet_name":"echo","path":"/slow?delay_ms=3000"}'

  # What became of them all?
  curl '${url}/orchestrator/tasks?limit=5'
  curl ${url}/orchestrator/metrics

Ctrl-C stops it.
`
}
