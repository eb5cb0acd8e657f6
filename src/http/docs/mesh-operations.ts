/** The routes of the mesh's conventions, as the OpenAPI document describes them. */
import { describe } from './describe.ts'
import {
  capabilitiesExample,
  dependenciesExample,
  meshHealthExample,
  stateExample,
} from './mesh-examples.ts'

export const health = describe({
  tag: 'Mesh',
  summary: 'Tell that the service is alive, as the mesh asks for it',
  description:
    '200 as long as the process lives. `error`: nothing can be written to disk. `inactive`: it ' +
    'takes no tasks, because it is being stopped or knows no droplets.',
  replies: { 200: { description: 'Alive', schema: 'MeshHealth', example: meshHealthExample } },
})

export const capabilities = describe({
  tag: 'Mesh',
  summary: 'Tell what this service can do',
  replies: {
    200: {
      description: 'Its features',
      schema: 'Capabilities',
      example: capabilitiesExample,
    },
  },
})

export const state = describe({
  tag: 'Mesh',
  summary: 'Tell what this service uses and how many requests it gets',
  description: 'Unknown values are null.',
  replies: { 200: { description: 'Its state', schema: 'State', example: stateExample } },
})

export const dependencies = describe({
  tag: 'Mesh',
  summary: 'Tell what this service needs',
  description:
    'The Registry, or the file in its place: `connected` when the last sync succeeded, ' +
    '`available` while the kept list is used, else `unavailable`.',
  replies: {
    200: { description: 'What it needs', schema: 'Dependencies', example: dependenciesExample },
  },
})
