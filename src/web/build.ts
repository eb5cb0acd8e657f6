/**
 * Makes the page: `bun src/web/build.ts`, in dist/web. The binary embeds what is there
 * (assets.ts), each file plain and compressed.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

const APP = join(import.meta.dir, 'app')
const OUT = join(import.meta.dir, '../../dist/web')

const built = await Bun.build({
  entrypoints: [join(APP, 'main.tsx')],
  target: 'browser',
  minify: true,
  define: { 'process.env.NODE_ENV': '"production"' },
})
await mkdir(OUT, { recursive: true })
const names = { script: await put('script', 'js'), style: await put('style', 'css') }
await Bun.write(join(OUT, 'names.json'), JSON.stringify(names))
const page = await Bun.file(join(APP, 'index.html')).text()
await Bun.write(join(OUT, 'page.txt'), page.replace(/app\.(js|css)/g, nameOf))

/** The name that the file is served by: it changes with what is in it. */
async function put(name: string, ending: 'js' | 'css'): Promise<string> {
  const output = built.outputs.find(({ path }) => path.endsWith(`.${ending}`))
  if (!output) throw new Error(`the page has no .${ending}`)
  const bytes = new Uint8Array(await output.arrayBuffer())
  await Bun.write(join(OUT, `${name}.plain`), bytes)
  await Bun.write(join(OUT, `${name}.gz`), Bun.gzipSync(bytes, { level: 9 }))
  return `app-${Bun.hash(bytes).toString(36)}.${ending}`
}

function nameOf(_: string, ending: string): string {
  return ending === 'js' ? names.script : names.style
}
