import type { Planted } from './planted.ts'

export const PLANTED_SHAPES: Planted = {
  'size: long': [
    `function long() {${'\n'.repeat(50)}}`,
    `const long = () => {${'\n'.repeat(50)}}`,
    `class Some { async long() {${'\n'.repeat(50)}} }`,
    `const some = { long: function () {${'\n'.repeat(50)}} }`,
  ],
  'size: unnamed': [
    `void [].map(() => {${'\n'.repeat(50)}})`,
    `class Some { static {${'\n'.repeat(50)}} }`,
  ],
  'size: the file': [`${'\n'.repeat(300)}export const last = 1`],

  'export: default': [
    `export default 1`,
    `export default function name() {}`,
    `const one = 1
     export { one as default }`,
    `export { default } from './own.ts'`,
    `const one = 1
     export = one`,
  ],
}
