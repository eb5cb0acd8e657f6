/** Where a task goes now: a droplet's name and a path become one URL. */
import type { Task } from '../task.ts'
import type { DropletList } from './directory.ts'
import { isRoutable, type Droplet } from './droplet.ts'
import { joinTarget } from './target.ts'

/** `reason`: why nothing can be sent. */
export type Route =
  { readonly ok: true; readonly url: string } | { readonly ok: false; readonly reason: string }

export interface Router {
  route(task: Pick<Task, 'dropletName' | 'path' | 'targetUrl'>): Route
}

/**
 * Each attempt follows its droplet to where it is listed then. A droplet that is listed no more
 * is taken to be where it was.
 */
export function createRouter(list: Pick<DropletList, 'find'>): Router {
  return {
    route({ dropletName, path, targetUrl }) {
      const droplet = list.find(dropletName)
      return droplet ? routeTo(droplet, path) : { ok: true, url: targetUrl }
    },
  }
}

function routeTo(droplet: Droplet, path: string): Route {
  const { name, status, url } = droplet
  if (!isRoutable(droplet)) {
    return { ok: false, reason: `the Registry lists droplet '${name}' as ${status}` }
  }
  const target = joinTarget(url, path)
  return target.ok ? target : { ok: false, reason: `path ${target.reason}` }
}
