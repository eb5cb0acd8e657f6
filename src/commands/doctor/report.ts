/** What the doctor has found, for people and for programs. */
import { visible } from '../../platform/log-text.ts'
import { VERSION } from '../../version.ts'
import { paint, type Colour } from '../terminal/colours.ts'
import { counted } from '../terminal/texts.ts'
import { GROUPS, type Group } from './check.ts'
import { worst, type Level } from './finding.ts'
import type { Result } from './run-checks.ts'

export interface Report {
  readonly results: readonly Result[]
  /** Names of checks that were not run. */
  readonly skipped: readonly string[]
}

export function levelOf({ results }: Report): Level {
  return worst(results.map(({ level }) => level))
}

export function jsonReport(report: Report): string {
  const checks = report.results.map(({ name, group, level, findings }) => ({
    name,
    group,
    status: level,
    findings: findings.map((finding) => ({
      status: finding.level,
      found: finding.found,
      advice: finding.advice ?? null,
    })),
  }))
  const document = { status: levelOf(report), version: VERSION, checks, skipped: report.skipped }
  return `${JSON.stringify(document, null, 2)}\n`
}

export interface Layout {
  /** Of the terminal; null: lines are not broken. */
  readonly width: number | null
  readonly colour: boolean
}

const HEADINGS: Readonly<Record<Group, string>> = {
  configuration: 'Configuration',
  machine: 'This machine',
  postgres: 'Postgres',
  mesh: 'The mesh',
  service: 'The service',
}
const COLOURS: Readonly<Record<Level, Colour>> = { ok: 'green', warning: 'yellow', failure: 'red' }
const LEVEL_WIDTH = 'warning'.length
const NAME_WIDTH = 'configuration'.length
const INDENT = ' '.repeat(2 + LEVEL_WIDTH + 2 + NAME_WIDTH + 2)
/** Narrower terminals get longer lines. */
const MIN_TEXT_WIDTH = 30

export function textReport(report: Report, layout: Layout): string {
  const groups = GROUPS.map((group) => groupText(group, report.results, layout))
  const { skipped } = report
  const notRun = skipped.length > 0 ? `Not run: ${skipped.join(', ')}.\n` : ''
  return `${groups.filter((text) => text !== '').join('\n')}\n${notRun}${summary(report, layout)}\n`
}

function groupText(group: Group, all: readonly Result[], layout: Layout): string {
  const results = all.filter((result) => result.group === group)
  if (results.length === 0) return ''
  const heading = layout.colour ? paint(HEADINGS[group], 'bold') : HEADINGS[group]
  return `${heading}\n${results.map((result) => resultText(result, layout)).join('')}`
}

function resultText({ name, findings }: Result, layout: Layout): string {
  return findings
    .map(({ level, found, advice }, at) => {
      const word = level.padEnd(LEVEL_WIDTH)
      const shown = layout.colour ? paint(word, COLOURS[level]) : word
      const head = `  ${shown}  ${(at === 0 ? name : '').padEnd(NAME_WIDTH)}  `
      const what = lines(visible(found), layout).join(`\n${INDENT}`)
      const todo = advice === undefined ? '' : lines(`→ ${visible(advice)}`, layout)
      const below = todo === '' ? '' : `${INDENT}${todo.join(`\n${INDENT}  `)}\n`
      return `${head}${what}\n${below}`
    })
    .join('')
}

/** The text in lines that fit; a word that does not is not cut, so that it can be copied. */
function lines(text: string, { width }: Layout): string[] {
  if (width === null) return [text]
  // Two less: what follows the arrow is indented.
  const room = Math.max(MIN_TEXT_WIDTH, width - INDENT.length - 2)
  const broken: string[] = []
  for (const word of text.split(' ')) {
    const last = broken.at(-1)
    if (last === undefined || last.length + 1 + word.length > room) broken.push(word)
    else broken[broken.length - 1] = `${last} ${word}`
  }
  return broken
}

function summary(report: Report, { colour }: Layout): string {
  const levels = report.results.flatMap(({ findings }) => findings.map(({ level }) => level))
  const count = (level: Level) => levels.filter((each) => each === level).length
  const [failures, warnings] = [count('failure'), count('warning')]
  const text =
    failures + warnings === 0
      ? 'All is well.'
      : `${counted(failures, 'failure')}, ${counted(warnings, 'warning')}.`
  return colour ? paint(text, COLOURS[levelOf(report)]) : text
}
