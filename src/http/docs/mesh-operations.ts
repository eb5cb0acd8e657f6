/** The routes of the mesh's conventions, as the OpenAPI document describes them. */
import { describe } from './describe.ts'
import {
  capabilitiesExample,
  dependenciesExample,
  meshHealthExample,
  messageExample,
  receiptExample,
  sendExample,
  sentExample,
  stateExample,
} from './mesh-examples.ts'
import { hops, trace } from './task-operations.ts'

export const health = describe({
  operationId: 'getMeshHealth',
  tag: 'Mesh',
  access: 'open',
  summary: 'Tell that the service is alive, as the mesh asks for it',
  description:
    '200 as long as the process lives. `error`: nothing can be written to disk. `inactive`: it ' +
    'takes no tasks, because it is being stopped or knows no droplets.',
  isUncounted: true,
  replies: { 200: { description: 'Alive', schema: 'MeshHealth', example: meshHealthExample } },
})

export const capabilities = describe({
  operationId: 'getCapabilities',
  tag: 'Mesh',
  access: 'token',
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
  operationId: 'getState',
  tag: 'Mesh',
  access: 'admin',
  summary: 'Tell what this service uses and how many requests it gets',
  description: 'Unknown values are null.',
  replies: { 200: { description: 'Its state', schema: 'State', example: stateExample } },
})

export const dependencies = describe({
  operationId: 'getDependencies',
  tag: 'Mesh',
  access: 'token',
  summary: 'Tell what this service needs',
  description:
    'The Registry, or the file in its place: `connected` when the last sync succeeded, ' +
    '`available` while the kept list is used, else `unavailable`.',
  replies: {
    200: { description: 'What it needs', schema: 'Dependencies', example: dependenciesExample },
  },
})

const bodyErrors = ['INVALID_REQUEST', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'] as const

export const message = describe({
  operationId: 'receiveMessage',
  tag: 'Mesh',
  access: 'tasks:write',
  summary: 'Take a message',
  description:
    'It is logged, without its payload, and acknowledged. A `command` gets `result: "error"`: ' +
    'this service has none.',
  body: { schema: 'Message', example: messageExample },
  replies: {
    200: { description: 'It was received', schema: 'MessageReceipt', example: receiptExample },
  },
  errors: bodyErrors,
})

export const send = describe({
  operationId: 'sendMessage',
  tag: 'Mesh',
  access: 'tasks:write',
  summary: 'Send a message to a droplet',
  description:
    "A task that calls the droplet's `POST /message`, with all that holds for tasks. The reply " +
    'is 200 whether the droplet has taken the message or not: `sent` tells.',
  parameters: [hops, ...trace],
  body: { schema: 'SendMessage', example: sendExample },
  replies: {
    200: {
      description: 'What became of it',
      schema: 'SentMessage',
      example: sentExample,
      headers: { 'X-Task-ID': 'The id of its task; left out when none was begun' },
    },
  },
  errors: [...bodyErrors, 'LOOP_DETECTED'],
})
