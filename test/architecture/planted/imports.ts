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
    `const worker = () => new Worker('../http/app.ts')`,
    `const worker = () => new Worker(new URL('../http/app.ts', import.meta.url))`,
    `const worker = (base: string) => new globalThis.Worker(new URL('../http/app.ts', base))`,
    `const FILE = a ? './own.ts' : '../http/app.ts'
     const url = new URL(FILE, import.meta.url)`,
  ],
  'import: ../http/two-words.ts': [`const url = new URL('../http/two-words.ts', import.meta.url)`],
  'import: ../main.ts': [`import { main } from '../main.ts'`],
  'import: ../http': [`import { createApp } from '../http'`],
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
  'import: module.createRequire': [`import { createRequire } from 'node:module'`],
  'elysia: elysia': [`import { Elysia } from 'elysia'`, `import type { Elysia } from 'elysia'`],
  'elysia: @elysiajs/swagger': [`export * from '@elysiajs/swagger'`],
}
