import { publicUrlFault } from '../../registry/public-url.ts'
import { mayBeReadByAll } from '../../platform/disk.ts'
import type { Setting } from '../../config/config.ts'
import { VARIABLES, VARIABLE_NAMES, type VariableName } from '../../config/variables.ts'
import { UNIT_SETTINGS, type CommandIo } from '../command.ts'
import { misspeltNames } from '../misspelt.ts'
import { sourceOf, type ReadSettings } from '../settings.ts'
import { counted } from '../terminal/texts.ts'
import { failure, ok, warning, type Finding } from './finding.ts'

type Loaded = Extract<ReadSettings, { ok: true }>

/** What `check` tells, too. */
export function configurationFindings(io: CommandIo, read: ReadSettings): Finding[] {
  const faults = read.ok ? [] : read.faults.map((fault) => failure(fault, 'set it as it must be'))
  const suspicious = [...suspiciousSettings(io, read), ...openEnvFiles(io), ...unreadable(io)]
  const warnings = suspicious.map(([found, advice]) => warning(found, advice))
  if (!read.ok) return [...faults, ...warnings]
  const summary = warnings.length > 0 ? warnings : [ok(summaryOf(io, read))]
  return [...summary, ...valuesOf(io, read)]
}

/** Each value that is not the default, with where it is from; secrets are masked. */
function valuesOf(io: CommandIo, { settings }: Loaded): Finding[] {
  const set = settings.filter(({ source }) => source !== 'default')
  return set.map((each) => ok(`${each.name}=${each.value} (${sourceOf(each, io)})`))
}

type Suspicion = readonly [found: string, advice: string]

function suspiciousSettings(io: CommandIo, read: ReadSettings): Suspicion[] {
  const inFiles = io.envFiles.flatMap((file) => file.warnings)
  const names = misspeltNames(io).map((each) => [each, 'mend the name, or take it out'] as const)
  const values = inFiles.map((each) => [each, 'write it so that both read the same'] as const)
  const named = read.ok ? read.warnings : []
  const files = named.map((each) => [each, 'see Configuration in the README'] as const)
  const url = read.ok ? publicUrlFault(read.config, ownUrl(read)) : null
  const reached = 'set it to where droplets and the Registry reach this machine'
  return [...names, ...values, ...files, ...(url === null ? [] : [[url, reached] as const])]
}

/** As `check` shows it. */
function ownUrl({ settings }: Loaded): string | null {
  return settings.find(({ name }) => name === 'PUBLIC_URL')?.value ?? null
}

/** Those with a secret in them. */
function openEnvFiles({ envFiles }: CommandIo): Suspicion[] {
  return envFiles.flatMap(({ name: file, values }) => {
    const found = VARIABLE_NAMES.find((name) => isSecret(name, values[name]))
    if (!found || !mayBeReadByAll(file)) return []
    return [[`${file}: everybody may read it, and it has ${found}`, `chmod o-rwx ${file}`]]
  })
}

/** All of it, or a part that is not shown: the password of a database. */
function isSecret(name: VariableName, text = ''): boolean {
  const variable = VARIABLES[name]
  return text !== '' && ('secret' in variable || (variable.kind.show?.(text) ?? text) !== text)
}

function unreadable(io: CommandIo): Suspicion[] {
  if (io.envFiles.length > 0 || io.unitSettings() !== null) return []
  const found = `${UNIT_SETTINGS} cannot be read: the service may have other settings than these`
  return [[found, 'run the doctor as root']]
}

function summaryOf({ envFiles, ownEnv }: CommandIo, { settings }: Loaded): string {
  const set = settings.filter(({ source }) => source === 'environment')
  const files = envFiles.map(({ name }) => name)
  const isFromFile = ({ name }: Setting) =>
    ownEnv[name] === undefined && envFiles.some(({ values }) => name in values)
  const isOwn = files.length === 0 || !set.every(isFromFile)
  const from = [...files, ...(isOwn ? ['the environment'] : [])].join(' and ')
  return `valid: ${counted(set.length, 'setting')} from ${from}, the rest are defaults`
}
