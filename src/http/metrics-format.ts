/** In which form the metrics are asked for: content negotiation (RFC 9110, section 12.5.1). */
import Negotiator from 'negotiator'
import { FORMATS, type Format } from '../telemetry/exposition.ts'
import { JSON_TYPE } from './base.ts'

/** The first counts where the client has no preference: `*` is what curl and browsers accept. */
const TYPES = [JSON_TYPE, FORMATS.openMetrics, FORMATS.text]

/** How names that are not plain are to be written (Prometheus 3). All of ours are plain. */
const ESCAPING = /;[ \t]*escaping=[\w-]+/gi

/** `accept`: the header. null: JSON; so it is, too, when nothing that we have is accepted. */
export function metricsFormat(accept: string | null): Format | null {
  if (accept === null) return null
  const headers = { accept: accept.replaceAll(ESCAPING, '') }
  const type = new Negotiator({ headers }).mediaType(TYPES)
  if (type === FORMATS.openMetrics) return 'openMetrics'
  return type === FORMATS.text ? 'text' : null
}
