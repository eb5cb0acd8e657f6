import { expect, test } from 'bun:test'
import { createRouter } from '../../src/droplets/router.ts'
import { droplet } from '../registry/mesh.ts'

const TASK = { dropletName: 'one', path: '/x?y=1', targetUrl: 'http://before/x?y=1' }

test('the path is joined with the URL that is listed now', () => {
  const router = createRouter({ find: () => droplet('one', { url: 'http://now/base' }) })
  expect(router.route(TASK)).toEqual({ ok: true, url: 'http://now/base/x?y=1' })
})

test.each(['/x?y=1', '/x/../y', '/%2e/x', '/x;a=1'])(
  '%s of a droplet that has not moved',
  (path) => {
    const router = createRouter({ find: () => droplet('one', { url: 'http://now/base' }) })
    const first = router.route({ ...TASK, path })
    expect(first).toEqual({ ok: true, url: new URL(`http://now/base${path}`).href })
    const targetUrl = first.ok ? first.url : ''
    expect(router.route({ ...TASK, path, targetUrl })).toEqual(first)
  },
)

test('a path that an earlier version let pass is refused, though its target was recorded', () => {
  const router = createRouter({ find: () => droplet('one', { url: 'http://now' }) })
  const task = { ...TASK, path: '/..;/x', targetUrl: 'http://now/..;/x' }
  expect(router.route(task).ok).toBe(false)
})

test('a droplet that is listed no more is taken to be where it was', () => {
  expect(createRouter({ find: () => undefined }).route(TASK)).toEqual({
    ok: true,
    url: TASK.targetUrl,
  })
})

test.each(['inactive', 'error'] as const)('nothing goes to one that is listed as %s', (status) => {
  const router = createRouter({ find: () => droplet('one', { status }) })
  const reason = `the Registry lists droplet 'one' as ${status}`
  expect(router.route(TASK)).toEqual({ ok: false, reason })
})

test('a path that would leave the droplet is refused', () => {
  const router = createRouter({ find: () => droplet('one') })
  const { ok } = router.route({ ...TASK, path: '/../x' })
  expect(ok).toBe(false)
})
