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
      return droplet ? routeTo(droplet, path, targetUrl) : { ok: true, url: targetUrl }
    },
  }
}

/** `before`: where the task was to go when it was accepted, or went last. */
function routeTo(droplet: Droplet, path: string, before: string): Route {
  const { name, status, url } = droplet
  if (!isRoutable(droplet)) {
    return { ok: false, reason: `the Registry lists droplet '${name}' as ${status}` }
  }
  // Most are where they were: joining them anew would take 1 µs, and give the same.
  if (before === url + path && isPlain(path)) return { ok: true, url: before }
  const target = joinTarget(url, path)
  return target.ok ? target : { ok: false, reason: `path ${target.reason}` }
}

/** Nothing in it could be a dot segment, for anybody. */
function isPlain(path: string): boolean {
  return !path.includes('.') && !path.includes('%')
}
