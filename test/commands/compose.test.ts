import { expect, test } from 'bun:test'
import { compose } from '../../src/commands/compose.ts'
import { VARIABLES } from '../../src/config/variables.ts'
import { scriptedIo } from '../support/command-io.ts'
import { README } from '../support/readme.ts'

interface Service {
  image?: string
  environment?: Record<string, string>
  volumes?: string[]
  ports?: string[]
  healthcheck?: { test: string[] }
  stop_grace_period?: string
}

const io = scriptedIo()
const exitCode = await compose([], io)
const document = Bun.YAML.parse(io.out) as {
  services: Record<'registry' | 'orchestrator', Service>
  volumes: Record<string, null>
}
const { registry, orchestrator } = document.services

test('prints the Registry and the Orchestrator', () => {
  expect(exitCode).toBe(0)
  expect(Object.keys(document.services)).toEqual(['registry', 'orchestrator'])
  expect(orchestrator.healthcheck?.test).toEqual(['CMD', 'orchestrator', 'health'])
})

test('listens for this machine only, as the README does', () => {
  const { default: port } = VARIABLES.PORT
  expect(registry.ports).toEqual(['127.0.0.1:8000:8000'])
  expect(orchestrator.ports).toEqual([`127.0.0.1:${port}:${port}`])
  expect(README).toContain(` -p 127.0.0.1:${port}:${port} `)
})

test('every variable in it is a setting, with a value that it allows', () => {
  expect(orchestrator.environment).not.toBeEmpty()
  for (const [name, value] of Object.entries(orchestrator.environment!)) {
    expect(VARIABLES).toHaveProperty(name)
    const { kind } = VARIABLES[name as keyof typeof VARIABLES]
    const text = value.replace(/^\$\{\w+:-(.*)\}$/, '$1')
    expect([name, kind.parse(text)]).not.toEqual([name, undefined])
  }
  const used = [...io.out.matchAll(/\$\{(\w+)/g)].map(([, name]) => name!)
  const images = ['REGISTRY_IMAGE', 'ORCHESTRATOR_IMAGE']
  expect(used).toEqual(expect.arrayContaining(images))
  for (const name of used.filter((each) => !images.includes(each))) {
    expect(VARIABLES).toHaveProperty(name)
  }
})

test('needs no file beside it: the image is the one that the README builds', () => {
  expect(document.services.orchestrator).not.toHaveProperty('build')
  expect(orchestrator.image).toBe('${ORCHESTRATOR_IMAGE:-orchestrator}')
  expect(README).toMatch(/^docker build --tag orchestrator \.$/m)
})

test('cache and database are on volumes of their own', () => {
  const mounts = orchestrator.volumes!.map((volume) => volume.split(':') as [string, string])
  expect(Object.keys(document.volumes)).toEqual(mounts.map(([name]) => name))
  const paths = mounts.map(([, path]) => path)
  expect(paths).toEqual([VARIABLES.REGISTRY_CACHE_DIR.default, '/var/lib/fpai'])
  expect(VARIABLES.TASK_DB.default).toStartWith(`${paths[1]}/`)
})

test('waits longer than SHUTDOWN_GRACE before it kills', () => {
  expect(Number.parseInt(orchestrator.stop_grace_period!)).toBeGreaterThan(
    Number(VARIABLES.SHUTDOWN_GRACE.default),
  )
})

test('an argument is a usage error', async () => {
  expect(await compose(['up'], scriptedIo())).toBe(64)
})
