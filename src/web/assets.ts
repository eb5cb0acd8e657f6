/** The page as build.ts has made it, embedded in the binary. */
import style from '../../dist/web/style.plain' with { type: 'file' }
import styleGz from '../../dist/web/style.gz' with { type: 'file' }
import script from '../../dist/web/script.plain' with { type: 'file' }
import scriptGz from '../../dist/web/script.gz' with { type: 'file' }
import names from '../../dist/web/names.json' with { type: 'json' }
import page from '../../dist/web/page.txt' with { type: 'text' }
import type { Dashboard } from '../http/dashboard.ts'

export const dashboard: Dashboard = {
  html: page,
  assets: [
    { name: names.script, file: script, gzip: scriptGz, type: 'text/javascript; charset=utf-8' },
    { name: names.style, file: style, gzip: styleGz, type: 'text/css; charset=utf-8' },
  ],
}
