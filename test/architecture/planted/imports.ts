import type { Planted } from './planted.ts'

export const PLANTED_IMPORTS: Planted = {
  'import: ../http/app.ts': [
    `import { createApp } from '../http/app.ts'`,
    `import type { App } from '../http/app.ts'`,
    `import { type App } from '../http/app.ts'`,
    `import app, * as all from '../http/app.ts'`,
    `import '../http/app.ts'`,
    `import {
       // from '../task.ts'
       createApp,
     } from '../http/app.ts'`,
    `import app = require('../http/app.ts')`,
    `export { createApp } from '../http/app.ts'`,
    `export type { App } from '../http/app.ts'`,
    `export * from '../http/app.ts'`,
    `export * as app from '../http/app.ts'`,
    `type App = import('../http/app.ts').App`,
    `type App = typeof import('../http/app.ts')`,
    `const app = await import('../http/app.ts')`,
    'const app = () => import(`../http/app.ts`)',
    `const url = new URL('../http/app.ts', import.meta.url)`,
    `const url = () => URL.parse('../http/app.ts', import.meta.url)`,
    'const url = new URL(`../http/app.ts`, `file://${import.meta.path}`)',
    `const base = import.meta.url
     const url = new URL('../http/app.ts', base)`,
    `const { url } = import.meta
     const file = () => new URL('../http/app.ts', url)`,
    `const base = () => { const base = base || import.meta.url
       return new URL('../http/app.ts', base) }`,
    `import defer * as app from '../http/app.ts'`,
    `import text from '../http/app.ts' with { type: 'text' }`,
    `const worker = () => new Worker('../http/app.ts')`,
    `const worker = () => new Worker(new URL('../http/app.ts', import.meta.url))`,
    `const worker = (base: string) => new globalThis.Worker(new URL('../http/app.ts', base))`,
    `const FILE = a ? './own.ts' : '../http/app.ts'
     const url = new URL(FILE, import.meta.url)`,
  ],
  'import: ../http/two-words.ts': [`const url = new URL('../http/two-words.ts', import.meta.url)`],
  'import: ../main.ts': [`import { main } from '../main.ts'`],
  'import: ../http': [`import { createApp } from '../http'`],
  'import: ../http/app.ts?fresh': [`import { createApp } from '../http/app.ts?fresh'`],
  'import: ../http/docs/page.html': [
    `import page from '../http/docs/page.html' with { type: 'text' }`,
  ],
  'import: ../platform/clock.ts': [
    `import { systemClock } from '../platform/clock.ts'`,
    `import type { systemClock } from '../platform/clock.ts'`,
  ],
  'import: ../platform/new-file.ts': [`import { now } from '../platform/new-file.ts'`],
  'import: axios': [`import axios from 'axios'`, `const load = () => import('axios')`],
  'import: node-fetch': [`import fetch from 'node-fetch'`],
  'import: fast-check': [`import fc from 'fast-check'`],
  'import: bun:test': [`import { setSystemTime } from 'bun:test'`],
  'import: @/http/app.ts': [`import type { App } from '@/http/app.ts'`],
  'import: src/http/app.ts': [`import { createApp } from 'src/http/app.ts'`],
  'import: #http': [`import { createApp } from '#http'`],
  'import: https://far/app.ts': [`import { createApp } from 'https://far/app.ts'`],
  'import: ../elsewhere/file.ts': [`import { one } from '../elsewhere/file.ts'`],
  'import: ../../test/support/mesh.ts': [`import { mesh } from '../../test/support/mesh.ts'`],
  'import: ../../package.json': [`import { version } from '../../package.json'`],
  'import: /etc/file.ts': [`import { one } from '/etc/file.ts'`],
  'import: unreadable': [
    `const load = (name: string) => import(name)`,
    'const load = (name: string) => import(`../${name}.ts`)',
    `const load = () => import('../http/' + 'app.ts')`,
    `const start = (file: string) => new Worker(file)`,
    `const find = (file: string) => new URL(file, import.meta.url)`,
  ],
  'import: require': [
    `const app = require('../http/app.ts')`,
    `const load = require`,
    `const { require: load } = globalThis`,
  ],
  'import: import.meta.require': [
    `import.meta.require('../http/app.ts')`,
    `const { require } = import.meta`,
  ],
  'import: module.require': [`module.require('../http/app.ts')`],
  'import: import.meta.resolve': [`const file = import.meta.resolve('../http/app.ts')`],
  'import: Bun.resolveSync': [`const file = Bun.resolveSync('../http/app.ts', '.')`],
  'import: Worker': [
    `const Thread = Worker
     const thread = () => new Thread('../http/app.ts')`,
  ],
  'import: module.createRequire': [`import { createRequire } from 'node:module'`],
  'elysia: elysia': [`import { Elysia } from 'elysia'`, `import type { Elysia } from 'elysia'`],
  'elysia: @elysiajs/swagger': [`export * from '@elysiajs/swagger'`],
}
