/** `orchestrator doctor --json`, as a program reads it. */
import { runBinary } from './binary.ts'

export interface Diagnosis {
  readonly code: number
  readonly status: string
  readonly skipped: readonly string[]
  /** All of a check's findings in one text: `failure: … → …`. */
  of(name: string): string
  /** Name → status, of those that are not ok. */
  readonly wrong: Readonly<Record<string, string>>
}

interface Document {
  status: string
  skipped: string[]
  checks: {
    name: string
    status: string
    findings: { status: string; found: string; advice: string | null }[]
  }[]
}

export async function diagnose(
  env: Record<string, string>,
  args: readonly string[] = [],
): Promise<Diagnosis> {
  const { code, stdout, stderr } = await runBinary(['doctor', '--json', ...args], { env })
  if (stderr !== '') throw new Error(stderr)
  return diagnosisOf(code, stdout)
}

export function diagnosisOf(code: number, text: string): Diagnosis {
  const { status, skipped, checks } = JSON.parse(text) as Document
  const wrong = checks.filter((check) => check.status !== 'ok')
  return {
    code,
    status,
    skipped,
    of(name) {
      const { findings = [] } = checks.find((check) => check.name === name) ?? {}
      const shown = findings.map(({ status: level, found, advice }) => {
        return `${level}: ${found}${advice === null ? '' : ` → ${advice}`}`
      })
      return shown.join('\n')
    },
    wrong: Object.fromEntries(wrong.map((check) => [check.name, check.status])),
  }
}
