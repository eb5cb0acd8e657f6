/** Sources in which the rules must find nothing, all of them in `src/delivery/innocent.ts`. */
export const INNOCENT: readonly string[] = [
  // Imports downwards and from the own folder.
  `import { task } from '../task.ts'
   import type { Store } from '../store/store.ts'
   import { attempt } from './attempt.ts'
   import { join } from 'node:path'
   export * from './attempt.ts'
   type Later = import('../store/store.ts').Store`,
  `const text = "import { createApp } from '../http/app.ts'"`,
  `// import { createApp } from '../http/app.ts'`,
  `const url = new URL('./own.ts', import.meta.url)`,
  `const own = new URL('two-words.ts', import.meta.url)`,
  `const read = (url: string) => new URL(url).pathname`,
  `const load = () => import('./attempt.ts')`,
  `import { within } from '../platform/time-limit.ts'
   import { Type } from 'typebox'
   import { Value } from 'typebox/value'
   import { Database } from 'bun:sqlite'
   import path from 'path'`,

  // Names of its own that a global has as well.
  `const send = ({ clock, fetch }: Ports) => fetch('http://far')`,
  `function send(fetch: (url: string) => void) { fetch('http://far') }`,
  `const send = (ports: Ports) => ports.fetch('http://far')`,
  `import { fetch, process, setTimeout } from './attempt.ts'
   fetch(process, setTimeout)`,
  `function run() {
     const Date = { now: () => 0 }
     return Date.now()
   }`,
  `for (const fetch of []) fetch()`,
  `fetch('http://far')
   function fetch(url: string) {}`,
  `const run = () => { try { return 1 } catch (process) { return process } }`,
  `const answers = { fetch: 1, now: 2, process: 3 }
   const { fetch: answer } = answers`,
  `class Clock { now() { return 0 } fetch() { return this.now() } #process = 1 }`,
  `const all = (sockets: Sockets) => sockets.WebSocket`,
  `setTimeout: for (;;) break setTimeout`,

  // Types.
  `type Fetch = typeof fetch
   type Other = typeof globalThis.fetch
   interface World { fetch(): void; now: () => Date; process: typeof process; date: Date }
   const at = (date: Date, socket: WebSocket): Date => date`,
  `import type { Server } from 'node:http'
   import { type RandomUUIDOptions } from 'node:crypto'
   const stop = (server: Server, other: Bun.Server<undefined>) => server.close()`,
  `import * as all from 'node:http'
   type Server = typeof all.Server`,

  // Whether something is there.
  `const hasFetch = () => typeof fetch === 'function' && typeof Bun !== 'undefined'`,
  `const isBrowser = 'window' in globalThis`,

  // Parts that are always the same.
  `const at = (ms: number) => new Date(ms).toISOString()`,
  `const start = () => [new Date(0), Date.parse('2020-01-01'), Date.UTC(2020, 1)]`,
  `const isDate = (value: unknown) => value instanceof Date || value instanceof Function`,
  `const { floor } = Math
   const up = (value: number) => Math.ceil(value) + floor(value)`,
  `import { createHash, timingSafeEqual } from 'node:crypto'
   import * as all from 'node:crypto'
   const hash = () => [createHash('sha256'), all.createHash('sha1'), timingSafeEqual]`,
  `import { hash, constants } from 'node:crypto'
   import { METHODS, STATUS_CODES } from 'node:http'
   import { isIPv4, isIPv6 } from 'node:net'
   import { homedir } from 'node:os'
   console.log(Function.prototype.call)`,
  `import { isIP } from 'node:net'
   import { Worker } from 'node:worker_threads'
   import { stripANSI } from 'bun'`,
  `const hash = (text: string) => [Bun.hash(text), new Bun.CryptoHasher('sha1'), Bun.file(text)]`,
  `const soon = (callback: () => void) => queueMicrotask(callback)`,
  `const stop = (timer: number) => clearTimeout(timer)`,
  `const stopped = () => AbortSignal.any([AbortSignal.abort()])`,
  `const file = import.meta.url + import.meta.dir`,

  // Constants that nobody changes.
  `const NAMES = new Set(['a'])
   const has = (name: string) => NAMES.has(name)`,
  `export const NAMES: ReadonlySet<string> = new Set(['a'])
   export const PAIRS: ReadonlyMap<string, number> = new Map([['a', 1]])`,
  `const PAIRS = new Map(Object.entries({ a: 1 }))
   const get = (name: string) => PAIRS.get(name)`,
  `export const LIST = ['b', 'a']
   const sorted = () => [...LIST].sort().concat(LIST.toSorted(), LIST.slice().reverse())`,
  `const TABLE = { a: [1], b: [2] }
   const first = () => TABLE.a[0] === TABLE['b'].at(0)
   const copy = () => Object.assign({}, TABLE)`,
  `const utf8 = new TextDecoder('utf-8', { fatal: true })
   const numbers = new Intl.NumberFormat('en')
   const WORD = new RegExp('a')`,
  `const EPOCH = new Date(0)
   const FAILED = new Error('failed')
   const REFUSED = new TypeError('refused')
   const ROUTE = new URLPattern({ pathname: '/:id' })
   const FILES = new Bun.Glob('*.ts')
   const PRIMES = new Uint8Array([2, 3, 5])`,
  `const NONE: readonly string[] = []
   export const NOBODY: ReadonlySet<string> = new Set()
   export const NOTHING: ReadonlyMap<string, string> = new Map()
   export const DEFAULTS: Readonly<Record<string, string>> = {}
   const FIXED = {} as const
   const FROZEN = Object.freeze([])
   const SCHEMA = { type: 'object', properties: {}, required: [] }
   class Some { static readonly none: readonly string[] = [] }`,
  `const HANDLERS = { add: (one: number) => one + 1, set() { return this.add(1) } }
   class Numbers { static add(one: number) { return one + 1 } }
   import { Lists } from './lists.ts'
   const three = () => Lists.add(2)
   const two = () => HANDLERS.add(1) + Numbers.add(1)`,
  `const BASE = { a: 1, list: [1] }
   const changed = () => {
     const copy = { ...BASE }
     const list = BASE.list.slice()
     let { a, ...rest } = BASE
     rest.a = 3
     list.push(a++)
     copy.a = 2
   }
   const sum = (list: readonly number[]) => list.reduce((one, other) => one + other)
   const total = sum(BASE.list)`,
  `const WORD = /a/g
   const START = /^a/
   const without = (text: string) => START.test(text) && text.replace(WORD, '')`,
  `const total = (() => {
     let sum = 0
     for (const one of [1, 2]) sum += one
     return sum
   })()
   function count(list: readonly string[]) {
     let sum = 0
     list.forEach((one) => (sum += one.length))
     return sum
   }
   const LENGTH = count(['a'])
   const by = (key: string) => (one: Row, other: Row) => one[key] - other[key]
   const byName = by('name')`,
  `main()
   function main() {
     let count = 0
     self.addEventListener('message', () => ++count)
   }`,
  `const LIST = ['a']
   const run = (LIST: string[]) => LIST.push('b')`,
  `declare let count: number
   declare global { var counts: Map<string, number> }`,
  `class Counter {
     static readonly limit = 5
     #counts = new Map<string, number>()
     count = 0
     static of() { return new Counter() }
     add(name: string) { this.#counts.set(name, ++this.count) }
   }`,
  `const counter = () => {
     let count = 0
     const seen = new Map<string, number>()
     return (name: string) => seen.set(name, ++count)
   }`,
  `enum Level { low, high }`,

  // Sizes at their limits.
  `function long() {${'\n'.repeat(49)}}`,
  `${'\n'.repeat(299)}export const last = 1\n`,
]
