/** The metrics page, as it is when it is asked for. */
import { inTurns, nextTurn } from '../platform/turns.ts'
import type { Clock } from '../ports.ts'
import { dropletFamilies, type DropletSources } from './droplet-families.ts'
import { exposition, type Format } from './exposition.ts'
import { serviceFamilies, type ServiceSources } from './service-families.ts'

export type ScrapeSources = DropletSources & ServiceSources

/**
 * Resolves with the page. Whoever asks while it is being made gets the same one: many at once cost
 * no more than one does.
 */
export function createScrape(
  sources: ScrapeSources,
  clock: Pick<Clock, 'soon' | 'monotonic'>,
): (format: Format) => Promise<Uint8Array> {
  const underWay = new Map<Format, Promise<Uint8Array>>()
  return (format) => {
    let page = underWay.get(format)
    if (!page) {
      page = pageOf(sources, format, clock).finally(() => underWay.delete(format))
      underWay.set(format, page)
    }
    return page
  }
}

async function pageOf(
  sources: ScrapeSources,
  format: Format,
  clock: Pick<Clock, 'soon' | 'monotonic'>,
): Promise<Uint8Array> {
  const before = clock.monotonic()
  await nextTurn(clock)
  const lagMs = clock.monotonic() - before
  await inTurns(sources.droplets.follow(sources.registry.directory()), clock)
  const families = [...dropletFamilies(sources), ...serviceFamilies(sources, lagMs)]
  return exposition(families, format, clock)
}
