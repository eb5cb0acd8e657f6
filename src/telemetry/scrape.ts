/** The metrics page, as it is when it is asked for. */
import { inTurns, nextTurn } from '../platform/turns.ts'
import type { Clock } from '../ports.ts'
import { dropletFamilies, type DropletSources } from './droplet-families.ts'
import { exposition, type Format, type Page } from './exposition.ts'
import type { Family, Sample } from './family.ts'
import { processFamilies, type ProcessSources } from './process-families.ts'
import { serviceFamilies, type ServiceSources } from './service-families.ts'

export type ScrapeSources = DropletSources & ServiceSources & ProcessSources

/**
 * Resolves with the page. Whoever asks while it is being made gets the same one: many at once cost
 * no more than one does.
 */
export function createScrape(
  sources: ScrapeSources,
  clock: Pick<Clock, 'soon' | 'monotonic'>,
): (format: Format) => Promise<Page> {
  const underWay = new Map<Format, Promise<Page>>()
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
): Promise<Page> {
  const before = clock.monotonic()
  await nextTurn(clock)
  const lagMs = clock.monotonic() - before
  await inTurns(sources.droplets.follow(sources.registry.directory()), clock)
  const families = [
    ...dropletFamilies(sources),
    ...serviceFamilies(sources),
    ...processFamilies(sources, lagMs),
  ]
  const { shared } = sources.store
  const all = shared ? families.map((family) => ofNode(family, shared.node.name)) : families
  return exposition(all, format, clock)
}

/** Where several nodes share the work, each tells of what it does itself. */
function ofNode(family: Family, node: string): Family {
  const named = (sample: Sample | null) =>
    sample && { ...sample, labels: { node, ...sample.labels } }
  return { ...family, samples: () => Iterator.from(family.samples()).map(named) }
}
