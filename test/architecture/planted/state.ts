import type { Planted } from './planted.ts'

export const PLANTED_STATE: Planted = {
  'state: let count': [
    `let count = 0`,
    `export let count = 0`,
    `{ let count = 0 }`,
    `const next = (() => {
       let count = 0
       return () => ++count
     })()`,
    `function counter() {
       let count = 0
       return () => ++count
     }
     const next = counter()`,
    `const once = <T>(make: () => T) => {
       let count: T | undefined
       const get = () => (count ??= make())
       return { get }
     }
     export const schema = once(() => 1)`,
    `function* numbers() { let count = 0; for (;;) yield count++ }
     const all = numbers()`,
    `namespace Counter { let count = 0 }`,
    `class Counter { static { let count = 0 } }`,
  ],
  'state: var count': [`var count = 0`],
  'state: new Map': [
    `const cache = new Map()`,
    `const cache = new Map<string, number>([])`,
    `const caches = { one: new Map() }`,
    `const cache = Object.freeze(new Map())`,
    `class Cache { static readonly all = new Map() }`,
  ],
  'state: new Set': [`const seen = new Set()`, `const seen = new Set(undefined)`],
  'state: new WeakMap': [`const seen = new WeakMap<object, string>()`],
  'state: new WeakSet': [`const seen = new WeakSet(null)`],
  'state: new Array': [`const list = new Array()`, `const list = new Array(8)`],
  'state: new Uint8Array': [`const bytes = new Uint8Array(8)`],
  'state: empty SEEN': [
    `const SEEN: Record<string, number> = {}`,
    `export const SEEN: string[] = []`,
    `const SEEN = [] as string[]`,
    `const SEEN: string[] = []
     export const all = () => SEEN`,
  ],
  'state: new Client': [`const client = new Client()`, `export const { get } = new Client()`],
  'state: new class': [`const one = new (class {})()`],
  'state: new AbortController': [`const stop = new AbortController()`],
  'state: changes SEEN': [
    `const SEEN = new Set(['a'])
     const see = (name: string) => SEEN.add(name)`,
    `const SEEN = new Map([['a', 1]])
     const see = () => SEEN!.clear()`,
    `export const SEEN = new Set(['a'])`,
    `const SEEN = new Set(['a'])
     export { SEEN }`,
    `const SEEN: string[] = []
     const see = (name: string) => void SEEN.push(name)`,
    `const SEEN = ['b', 'a']
     const sorted = () => SEEN.sort()`,
    `const SEEN = ['b', 'a']
     const see = () => SEEN['push']('c')`,
    `const SEEN = [1]
     const see = () => (SEEN[0] = 2)`,
    `const SEEN = [1]
     const see = () => SEEN[0]++`,
    `const SEEN = { count: 0 }
     const see = () => (SEEN.count += 1)`,
    `const SEEN = new Map([['a', ['b']]])
     const see = () => SEEN.get('a')!.push('c')`,
    `const SEEN = { deep: { list: ['a'] } }
     const see = () => SEEN.deep.list.push('b')`,
    `const SEEN: Record<string, number> = {}
     const see = (name: string) => delete SEEN[name]`,
    `const SEEN: Record<string, number> = {}
     const see = () => Object.assign(SEEN, { a: 1 })`,
    `const SEEN = { last: 0 }
     const see = (list: number[]) => ([SEEN.last] = list)`,
    `const SEEN = { last: 0 }
     const see = (one: { a: number }) => ({ a: SEEN.last } = one)`,
    `import { SEEN } from '../task.ts'
     const see = () => SEEN.push('a')`,
    `function SEEN() {}
     SEEN.count = 0`,
    `class SEEN { static readonly counts = { all: 0 } }
     const see = () => SEEN.counts.all++`,
    `const SEEN = { count: 0 }
     const see = () => { const seen = SEEN; seen.count = 1 }`,
    `const SEEN = { list: ['a'] }
     const see = () => { const { list } = SEEN; list.push('b') }`,
    `const SEEN = { count: 0 }
     const raise = (seen: { count: number }) => seen.count++
     const see = () => raise(SEEN)`,
    `const SEEN = { counts: { all: 0 } }
     function put(name: string, counts: Counts) { counts.all = 1; put(name, counts) }
     const see = () => put('a', SEEN.counts)`,
    `import { SEEN } from '../task.ts'
     const see = () => { const seen = SEEN; seen.count = 1 }`,
    `const SEEN = ['a']
     const see = (names: string[]) => SEEN.push.apply(SEEN, names)`,
    `const SEEN = [{ count: 0 }]
     const see = () => { for (const one of SEEN) one.count++ }`,
    `const SEEN = [{ count: 0 }]
     const see = () => SEEN.forEach((one) => { one.count++ })`,
    `const SEEN = [{ count: 0 }]
     const see = () => (SEEN.at(-1)!.count = 1)`,
    `const SEEN = [{ count: 0 }]
     const see = () => {
       const first = SEEN.find((one) => one.count === 0)
       if (first) first.count++
     }`,
    `const SEEN = { count: 0 }
     const see = (own?: { count: number }) => {
       const seen = own ?? SEEN
       seen.count++
     }`,
    `const { list: SEEN } = { list: ['a'] }
     const see = () => SEEN.push('b')`,
    `const SEEN = /a/g
     const see = (text: string) => SEEN.test(text)`,
    `function memoize(make: (name: string) => number) {
       const SEEN = new Map<string, number>()
       return (name: string) => SEEN.set(name, make(name))
     }
     export const sized = memoize((name) => name.length)`,
  ],
  'state: changes this': [
    `class Counter { static readonly box = { all: 0 }; static add() { this.box.all++ } }`,
    `const counter = { count: 0, add() { this.count++ } }`,
  ],
  'state: changes globalThis': [`globalThis.count = 1`],
  'state: static count': [
    `class Counter { static count = 0 }`,
    `const make = () => class { private static count = 0 }`,
    `class Counter { static readonly count: Record<string, number> = {} }`,
  ],
  'state: static #count': [`class Counter { static #count = 0 }`],
}
