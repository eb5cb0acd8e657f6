/** A file with settings, as `--env-file` names it. */
import { parseEnv } from 'node:util'
import type { Environment } from '../config/source.ts'
import { systemdEnv } from './systemd-env.ts'

export interface EnvFile {
  /** As it was named. */
  readonly name: string
  readonly values: Environment
  /** What a unit that names the same file would not read as we do. Without values: no secrets. */
  readonly warnings: readonly string[]
}

/** As all settings are named. Where a = was forgotten, anything is a name: a secret, too. */
const SETTING = /^[A-Z][A-Z_]*$/

export function envFile(name: string, text: string): EnvFile {
  const values = parseEnv(text)
  const bySystemd = systemdEnv(text)
  const names = Object.keys(values).filter((each) => SETTING.test(each))
  const different = names.filter((each) => bySystemd[each] !== values[each])
  const warnings = different.map((each) => {
    return `${name}: ${Object.hasOwn(bySystemd, each) ? otherValue(each) : leftOut(each)}`
  })
  return { name, values, warnings }
}

/** The settings of the files below those of the environment; of two files the last counts. */
export function environmentOf(files: readonly EnvFile[], ownEnv: Environment): Environment {
  return Object.assign({}, ...files.map(({ values }) => values), ownEnv)
}

function leftOut(name: string): string {
  return `systemd would leave ${name} out: write NAME=value, without 'export'`
}

function otherValue(name: string): string {
  return (
    `systemd would read another value of ${name}: put comments on lines of their own, and what ` +
    `has a #, a quote or a backslash between single quotes`
  )
}
