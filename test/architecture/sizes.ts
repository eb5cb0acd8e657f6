import type { Node } from 'oxc-parser'
import { isFunction, type Source } from './source.ts'

const MAX_FILE_LINES = 300
const MAX_FUNCTION_LINES = 50

/** How many of a hundred must have fewer lines than this. */
const GOALS = [
  { of: 'functions', percent: 90, under: 15 },
  { of: 'files', percent: 50, under: 65 },
  { of: 'files', percent: 90, under: 150 },
] as const

export const linesOf = (text: string) => text.trimEnd().split('\n').length

interface Measured {
  readonly name: string
  readonly lines: number
}

/** An inner function counts for itself and for the outer one. A static block runs like a function. */
export function functionsOf({ nodes, text }: Source): Measured[] {
  return nodes
    .filter((node) => isFunction(node) || node.type === 'StaticBlock')
    .map((node) => ({ name: nameOf(node), lines: linesOf(text.slice(node.start, node.end)) }))
}

function nameOf(node: Node): string {
  const owner = node.type === 'FunctionDeclaration' ? node : node.parent!
  const name = 'id' in owner ? owner.id : 'key' in owner ? owner.key : null
  return name?.type === 'Identifier' || name?.type === 'PrivateIdentifier' ? name.name : 'unnamed'
}

export function tooLong(source: Source): string[] {
  const functions = functionsOf(source).filter(({ lines }) => lines > MAX_FUNCTION_LINES)
  return [
    ...(linesOf(source.text) > MAX_FILE_LINES ? ['size: the file'] : []),
    ...functions.map(({ name }) => `size: ${name}`),
  ]
}

/** The goals that the files together miss. */
export function missedGoals(sources: readonly Source[]): string[] {
  const lines = {
    files: sources.map(({ text }) => linesOf(text)),
    functions: sources.flatMap(functionsOf).map((one) => one.lines),
  }
  return GOALS.filter(({ of, percent, under }) => {
    const small = lines[of].filter((count) => count < under).length
    return small * 100 < lines[of].length * percent
  }).map(({ of, percent, under }) => `${percent} % of the ${of} under ${under} lines`)
}
