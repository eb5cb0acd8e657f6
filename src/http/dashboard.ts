/** The page, all from the binary. */
import { Elysia } from 'elysia'
import Negotiator from 'negotiator'
import { BASE } from './base.ts'
import { pathOf } from './host.ts'

export interface Dashboard {
  /** Names its assets relative to itself: it works below any prefix that a proxy adds. */
  readonly html: string
  readonly assets: readonly Asset[]
}

interface Asset {
  /** With a hash of what is in it: it may be kept for ever. */
  readonly name: string
  /** A path, of Bun's file system in the binary too. */
  readonly file: string
  /** The same, compressed. */
  readonly gzip: string
  readonly type: string
}

/** Nothing from elsewhere, and nothing inline: what a droplet sends cannot become a script. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
}

const hidden = { detail: { hide: true } }

/** With its slash: what the page names is relative to it. */
const PAGE = `${BASE}/`
/** From `/` and from `/orchestrator`, whatever a proxy has put in front of them. */
const RELATIVE_PAGE = 'orchestrator/'

/** The first where the client prefers none (RFC 9110, section 12.5.3). */
const CODINGS = ['gzip', 'identity']

export function dashboardPages({ html, assets }: Dashboard) {
  const pages = new Elysia({ name: 'dashboard' })
    .get('/', ({ redirect }) => redirect(RELATIVE_PAGE, 302), hidden)
    .get(
      PAGE,
      // Elysia takes the path without the slash for the same.
      ({ request, redirect }) =>
        pathOf(request.url) === BASE
          ? redirect(RELATIVE_PAGE, 302)
          : new Response(html, { headers: PAGE_HEADERS }),
      hidden,
    )
  for (const asset of assets) {
    pages.get(`${PAGE}assets/${asset.name}`, ({ request }) => replyWith(asset, request), hidden)
  }
  return pages
}

function replyWith({ file, gzip, type }: Asset, { headers }: Request): Response {
  const accepted = { 'accept-encoding': headers.get('accept-encoding') ?? '' }
  const isCompressed = new Negotiator({ headers: accepted }).encoding(CODINGS) === 'gzip'
  return new Response(Bun.file(isCompressed ? gzip : file), {
    headers: {
      'content-type': type,
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'Accept-Encoding',
      'x-content-type-options': 'nosniff',
      ...(isCompressed ? { 'content-encoding': 'gzip' } : {}),
    },
  })
}
