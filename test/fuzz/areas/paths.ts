/** Paths and methods of requests. */
import fc from 'fast-check'
import { anyPath } from '../../support/hostile-paths.ts'
import type { Area } from '../area.ts'
import { asLatin1, oddText, repetition } from '../arbitraries/texts.ts'
import { expectProper } from '../proper.ts'
import { exchange } from '../wire.ts'
import { head } from './submission.ts'

const ROUTES = [
  ...['/', '/health', '/message', '/capabilities', '/state', '/dependencies', '/orchestrator'],
  ...['/orchestrator/', '/orchestrator/health', '/orchestrator/ready', '/orchestrator/metrics'],
  ...['/orchestrator/tasks', '/orchestrator/tasks/', '/orchestrator/tasks/a', '/orchestrator/docs'],
  ...['/orchestrator/tasks/a/cancel', '/orchestrator/tasks/a/replay', '/orchestrator/docs/json'],
  ...['/orchestrator/droplets', '/orchestrator/docs/swagger-ui.css', '/orchestrator/send'],
]
const METHODS = [
  ...[
    'GET',
    'GET',
    'GET',
    'GET',
    'GET',
    'POST',
    'POST',
    'POST',
    'PUT',
    'PATCH',
    'DELETE',
    'HEAD',
    'OPTIONS',
    'TRACE',
    'CONNECT',
  ],
  ...['PROPFIND', 'QUERY', 'get', 'PRI', 'X', 'G ET', ''],
]

/** What a request line can't hold. */
const encoded = (text: string) =>
  text
    .toWellFormed()
    .replaceAll(/[\s\p{Cc}\u0080-\u{10ffff}]/gu, (each) => encodeURIComponent(each))

const tail = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  { weight: 3, arbitrary: anyPath.map(encoded) },
  { weight: 2, arbitrary: oddText.map(encoded) },
  { weight: 1, arbitrary: anyPath },
  { weight: 1, arbitrary: oddText },
  { weight: 1, arbitrary: repetition(16_000) },
)

interface Input {
  readonly method: string
  /** The target of the request line, Latin-1. */
  readonly target: string
}

export const paths: Area<Input> = {
  name: 'paths',
  share: 8,
  inputs: fc
    .record({
      method: fc.constantFrom(...METHODS),
      origin: fc.constantFrom(
        '',
        '',
        '',
        '',
        'http://localhost',
        'http://a',
        'https://x:1',
        '*',
        '//',
      ),
      route: fc.oneof(fc.constantFrom(...ROUTES), fc.constant('')),
      tail,
    })
    .map(({ method, origin, route, tail }) => ({
      method,
      target: asLatin1(origin + route + tail),
    })),
  async run({ method, target }, world) {
    const request = head(method, target, [
      ['Host', 'localhost'],
      ['Content-Length', '0'],
    ])
    const { answers, bytes } = await exchange(world.url, [request], {
      head: method === 'HEAD',
    })
    if (answers[0]) await expectProper(answers[0], { mayBeBare: true, head: method === 'HEAD' })
    return bytes
  },
}
