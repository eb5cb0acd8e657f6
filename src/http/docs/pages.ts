/** Swagger UI and the OpenAPI document, all from the binary. */
import { Elysia } from 'elysia'
import uiScript from 'swagger-ui-dist/swagger-ui-bundle.js' with { type: 'file' }
import uiStyle from 'swagger-ui-dist/swagger-ui.css' with { type: 'file' }
import { BASE } from '../base.ts'
import page from './page.html' with { type: 'text' }
import starter from './start.txt' with { type: 'text' }

// bun-types describes the import without `type: 'text'`, which would be a bundle.
const html = page as unknown as string

const DOCS = `${BASE}/docs`

const ASSETS = [
  { path: `${DOCS}/swagger-ui.js`, file: uiScript, type: 'text/javascript; charset=utf-8' },
  { path: `${DOCS}/swagger-ui.css`, file: uiStyle, type: 'text/css; charset=utf-8' },
]

// Swagger UI sets styles inline and draws its icons from data: URLs.
const CONTENT_SECURITY_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"

const hidden = { detail: { hide: true } }

/** `openApi` is asked for the document when somebody wants it: most never do. */
export function docsPages(openApi: () => Promise<string>) {
  const pages = new Elysia({ name: 'docs' })
    .get(
      DOCS,
      () =>
        new Response(html, {
          headers: {
            'content-type': 'text/html; charset=utf-8',
            'content-security-policy': CONTENT_SECURITY_POLICY,
            'x-content-type-options': 'nosniff',
          },
        }),
      hidden,
    )
    .get(
      `${DOCS}/start.js`,
      () =>
        new Response(starter, {
          headers: { 'content-type': 'text/javascript; charset=utf-8' },
        }),
      hidden,
    )
    .get(
      `${DOCS}/json`,
      async ({ set }) => {
        set.headers['content-type'] = 'application/json'
        return openApi()
      },
      hidden,
    )
  for (const { path, file, type } of ASSETS) {
    pages.get(
      path,
      () => new Response(Bun.file(file), { headers: { 'content-type': type } }),
      hidden,
    )
  }
  return pages
}
