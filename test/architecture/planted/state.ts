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
    `class Counter { static { let count = 0 } }`,
  ],
  'state: var count': [`var count = 0`],
  'state: new Map': [
    `const cache = new Map()`,
    `const cache = new Map<string, number>([])`,
    `const caches = { one: new Map() }`,
    `const cache = Object.freeze(new Map())`,
    `export const cache: ReadonlyMap<string, string> = new Map()`,
    `class Cache { static readonly all = new Map() }`,
  ],
  'state: new Set': [`const seen = new Set()`, `const seen = new Set(undefined)`],
  'state: new WeakMap': [`const seen = new WeakMap<object, string>()`],
  'state: new WeakSet': [`const seen = new WeakSet(null)`],
  'state: new Array': [`const list = new Array()`],
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
  ],
  'state: changes globalThis': [`globalThis.count = 1`],
  'state: static count': [
    `class Counter { static count = 0 }`,
    `const make = () => class { private static count = 0 }`,
  ],
  'state: static #count': [`class Counter { static #count = 0 }`],
}
