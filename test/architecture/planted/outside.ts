import type { Planted } from './planted.ts'

export const PLANTED_USES: Planted = {
  'ambient: Date.now': [
    `const now = () => Date.now()`,
    `const now = () => Date['now']()`,
    'const now = () => Date[`now`]()',
    `const now = () => Date?.now?.()`,
    `const now = () => Date!.now()`,
    `const now = () => (Date as { now(): number }).now()`,
    `const now = () => globalThis.Date.now()`,
    `const now = () => globalThis.globalThis['Date'].now()`,
    `const now = Date.now`,
    `class Entry { readonly at = Date.now() }`,
    `interface Date { later: number }
     const now = () => Date.now()`,
    `const { now } = Date`,
    `const { now: today = null } = Date`,
    `const { Date: { now } } = globalThis`,
  ],
  'ambient: Date': [
    `const now = () => new Date()`,
    `const now = () => new Date`,
    `const now = (...args: []) => new Date(...args)`,
    `const now = () => Date()`,
    `const now = () => Date(0)`,
    `const clock = Date`,
    `const clock = () => Date`,
    `const { ...clock } = Date`,
    `const read = (name: 'now') => Date[name]()`,
    `const read = ({ now } = Date) => now()`,
    `const { Date: clock } = globalThis`,
    `import now = Date.now`,
    `class Today extends Date {}`,
    `declare const Date: { now(): number }
     const all = { Date }`,
  ],
  'ambient: Date.now.call': [`const now = () => Date.now.call(null)`],
  'ambient: Temporal.Now.instant': [`const now = () => Temporal.Now.instant()`],
  'ambient: performance.now': [
    `const now = () => performance.now()`,
    `const { now } = performance`,
  ],
  'ambient: perf_hooks.performance': [`import { performance } from 'node:perf_hooks'`],
  'ambient: process.hrtime.bigint': [`const now = () => process.hrtime.bigint()`],
  'ambient: Bun.nanoseconds': [
    `const now = () => Bun.nanoseconds()`,
    `import { nanoseconds } from 'bun'`,
  ],
  'ambient: os.uptime': [
    `import { uptime } from 'node:os'`,
    `import os from 'os'
     const now = () => os.uptime()`,
  ],
  'ambient: console.time': [`console.time('run')`],
  'ambient: Intl.DateTimeFormat': [
    `const today = () => new Intl.DateTimeFormat('en').format()`,
    `const { DateTimeFormat } = Intl`,
  ],
  'ambient: Bun.password.hash': [`const hash = () => Bun.password.hash('secret')`],
  'ambient: Math.random': [
    `const chance = () => Math.random()`,
    `const { floor, random } = Math`,
    `const chance = () => self.Math.random()`,
  ],
  'ambient: Math': [`const maths = Math`],
  'ambient: crypto.randomUUID': [
    `const id = () => crypto.randomUUID()`,
    `const id = () => globalThis.crypto.randomUUID()`,
    `import { randomUUID } from 'node:crypto'`,
    `import { randomUUID } from 'crypto'`,
    `export { randomUUID } from 'node:crypto'`,
    `import * as all from 'node:crypto'
     const id = () => all.randomUUID()`,
    `import all from 'node:crypto'
     const { randomUUID } = all`,
    `import { default as all, type Hash } from 'node:crypto'
     const id = () => all.randomUUID()`,
  ],
  'ambient: crypto.getRandomValues': [`const bytes = crypto.getRandomValues(new Uint8Array(1))`],
  'ambient: crypto.randomBytes': [`import { randomBytes as bytes } from 'node:crypto'`],
  'ambient: crypto.randomInt': [`import { createHash, randomInt } from 'node:crypto'`],
  'ambient: crypto': [
    `export * from 'node:crypto'`,
    `const { randomUUID } = await import('node:crypto')`,
    `const chance = crypto`,
  ],
  'ambient: Bun.randomUUIDv7': [
    `const id = () => Bun.randomUUIDv7()`,
    `import { randomUUIDv7 } from 'bun'`,
    `const { randomUUIDv7 } = Bun`,
  ],
  'ambient: setTimeout': [
    `const wait = () => setTimeout(() => {}, 1)`,
    `const wait = () => global.setTimeout(() => {}, 1)`,
    `const all = { setTimeout }`,
    `const start = (timer = setTimeout) => timer(() => {}, 1)`,
  ],
  'ambient: setInterval': [`const tick = () => window.setInterval(() => {}, 1)`],
  'ambient: setImmediate': [`const soon = () => void setImmediate(() => {})`],
  'ambient: AbortSignal.timeout': [
    `const limit = () => AbortSignal.timeout(1)`,
    `const { timeout } = AbortSignal`,
  ],
  'ambient: timers.setTimeout': [`import { setTimeout } from 'node:timers'`],
  'ambient: timers/promises.setTimeout': [`import { setTimeout } from 'node:timers/promises'`],
  'ambient: Bun.sleep': [
    `const wait = () => Bun.sleep(1)`,
    `import { sleep } from 'bun'`,
    `import * as bun from 'bun'
     const wait = () => bun.sleep(1)`,
  ],
  'ambient: Bun.sleepSync': [`const wait = () => Bun['sleepSync'](1)`],
  'ambient: Bun': [`const runtime = Bun`, `const ask = (name: 'sleep') => Bun[name](1)`],
  'ambient: fetch': [
    `const get = () => fetch('http://far')`,
    `const get = () => globalThis.fetch('http://far')`,
    `const get = () => globalThis['fetch']('http://far')`,
    `const { fetch } = globalThis`,
    `const { fetch: get } = self`,
    `const get = fetch`,
    `const ports = { fetch }`,
    `const get = (0, fetch)`,
    `const get = () => fetch?.('http://far')`,
    `const get = ({ get = fetch }) => get`,
    `type fetch = string
     fetch('http://far')`,
    `const get = (fetch: typeof globalThis.fetch) => fetch('http://far')
     void fetch('http://far')`,
    `declare const fetch: (url: string) => void
     fetch('http://far')`,
    `declare const self: { fetch(url: string): void }
     self.fetch('http://far')`,
  ],
  'ambient: Bun.fetch': [
    `import { fetch } from 'bun'`,
    `const get = () => Bun.fetch('http://far')`,
  ],
  'ambient: globalThis': [
    `const world = globalThis`,
    `const read = (name: 'fetch') => globalThis[name]`,
    `const { ...world } = self`,
  ],
  'ambient: WebSocket': [`const open = () => new WebSocket('ws://far')`],
  'ambient: EventSource': [`const open = () => new EventSource('http://far')`],
  'ambient: XMLHttpRequest': [`const open = () => new XMLHttpRequest()`],
  'ambient: Bun.serve': [`const start = () => Bun.serve({})`, `import { serve } from 'bun'`],
  'ambient: Bun.connect': [`const open = () => Bun.connect({})`],
  'ambient: Bun.listen': [`const open = () => Bun.listen({})`],
  'ambient: Bun.udpSocket': [`const open = () => Bun.udpSocket({})`],
  'ambient: Bun.dns.lookup': [`const find = () => Bun.dns.lookup('far')`],
  'ambient: http.request': [`import { request } from 'node:http'`],
  'ambient: https.get': [
    `import https from 'node:https'
    const get = () => https.get('https://far')`,
  ],
  'ambient: http2.connect': [`import { connect } from 'http2'`],
  'ambient: net.connect': [`import { connect, isIP } from 'node:net'`],
  'ambient: tls.connect': [`import { connect } from 'node:tls'`],
  'ambient: dgram.createSocket': [`import { createSocket } from 'node:dgram'`],
  'ambient: dns.lookup': [`import { lookup } from 'node:dns'`],
  'ambient: dns/promises.lookup': [`import { lookup } from 'node:dns/promises'`],
  'ambient: http': [`import http = require('node:http')`],
  'ambient: child_process.execSync': [
    `import { execSync } from 'node:child_process'
     const now = () => execSync('date')`,
  ],
  'ambient: Bun.spawn': [`const get = () => Bun.spawn(['curl', 'http://far'])`],
  'ambient: Bun.$': ['const now = () => Bun.$`date`', `import { $ } from 'bun'`],
  'ambient: bun:ffi.dlopen': [`import { dlopen } from 'bun:ffi'`],
  'ambient: vm.runInThisContext': [`import { runInThisContext } from 'node:vm'`],
  'ambient: eval': [`const run = (text: string) => eval(text)`],
  'ambient: Function': [`const now = new Function('return Date.now()')`],

  'process: process.env.HOME': [`const home = process.env.HOME`],
  'process: process.env': [
    `const { env } = process`,
    `const env = globalThis.process.env`,
    `import { env } from 'node:process'`,
    `import process from 'node:process'
     const { env } = process`,
  ],
  'process: process': [`const all = process`, `const { process: all } = globalThis`],
  'process: process.exit': [`process.exit(1)`],
  'process: process.cpuUsage': [`const used = () => process.cpuUsage()`],
  'process: Bun.env': [`const { env } = Bun`, `import { env } from 'bun'`],
  'process: Bun.argv': [`const args = () => Bun.argv`],
  'process: Bun.main': [`const isMain = Bun.main === 'x'`],
  'process: Bun.stdout': [`const write = () => Bun.write(Bun.stdout, 'text')`],
  'process: Bun.stdin.text': [`const read = () => Bun.stdin.text()`],
  'process: import.meta.main': [`if (import.meta.main) start()`],
  'process: import.meta.env': [`const { env } = import.meta`, `const env = () => import.meta.env`],
}
