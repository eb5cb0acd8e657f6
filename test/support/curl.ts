/** The part of curl that our documents use, for machines without it: `curl [flags] URL`. */
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    request: { type: 'string', short: 'X' },
    header: { type: 'string', short: 'H', multiple: true, default: [] },
    data: { type: 'string', short: 'd' },
    include: { type: 'boolean', short: 'i' },
    silent: { type: 'boolean', short: 's' },
  },
})
const { data, header, include } = values
const headers = new Headers(header.map((line) => line.split(/:\s*(.*)/, 2) as [string, string]))
const response = await fetch(positionals[0]!, {
  method: values.request ?? (data === undefined ? 'GET' : 'POST'),
  redirect: 'manual',
  headers,
  ...(data === undefined ? {} : { body: data }),
})
if (include) {
  const lines = [...response.headers].map(([name, value]) => `${name}: ${value}\r\n`)
  process.stdout.write(`HTTP/1.1 ${response.status}\r\n${lines.join('')}\r\n`)
}
process.stdout.write(await response.text())
