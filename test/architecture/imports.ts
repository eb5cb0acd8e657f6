/** What a file imports, in whichever way. */
import type { Node } from 'oxc-parser'
import { isDeclared, nodeOf, references, textOf, type Source } from './source.ts'

export interface Import {
  /** As the file writes it; null when only a running program knows. */
  readonly name: string | null
  /** `started`: as the file of a URL or of a thread. */
  readonly how: 'value' | 'type' | 'started'
}

type Started = Extract<Node, { type: 'NewExpression' }>

export function importsOf(source: Source): Import[] {
  return source.nodes.flatMap((node) => importsIn(source, node))
}

function importsIn(source: Source, node: Node): Import[] {
  switch (node.type) {
    case 'ImportDeclaration':
      return [{ name: node.source.value, how: node.importKind === 'type' ? 'type' : 'value' }]
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
      if (!node.source) return []
      return [{ name: node.source.value, how: node.exportKind === 'type' ? 'type' : 'value' }]
    case 'TSExternalModuleReference':
      return [{ name: node.expression.value, how: 'value' }]
    case 'TSImportType':
      return [{ name: node.source.value, how: 'type' }]
    case 'ImportExpression':
      return [{ name: textOf(node.source), how: 'value' }]
    case 'NewExpression':
      return startedFiles(source, node).map((name) => ({ name, how: 'started' }))
    default:
      return []
  }
}

/** The files of `new URL(file, import.meta.url)` and `new Worker(file)`. */
function startedFiles(source: Source, node: Started): (string | null)[] {
  const [file, base] = node.arguments
  if (!file) return []
  if (isNew(node, 'Worker')) return isNew(file, 'URL') ? [] : possibleFiles(source, file)
  const isOwn = (base && isOfImportMeta(base)) || isNew(node.parent, 'Worker')
  return isOwn && isNew(node, 'URL') ? possibleFiles(source, file) : []
}

/** Whether this is `new Name()` or `new some.Name()`. */
function isNew(node: Node | null | undefined, name: string): boolean {
  if (node?.type !== 'NewExpression') return false
  const { callee } = node
  const last = callee.type === 'MemberExpression' ? callee.property : callee
  return last.type === 'Identifier' && last.name === name
}

const isOfImportMeta = (node: Node) =>
  node.type === 'MemberExpression' && node.object.type === 'MetaProperty'

/** A URL without a scheme is relative, with a dot before it or without. */
function possibleFiles(source: Source, node: Node): (string | null)[] {
  return possibleTexts(source, node).map((text) =>
    text === null || /^([./]|[a-z]+:)/.test(text) ? text : `./${text}`,
  )
}

/** The texts that this may be: a plain one, one of two, or a constant that holds such. */
function possibleTexts(source: Source, node: Node): (string | null)[] {
  if (node.type === 'ConditionalExpression') {
    return [node.consequent, node.alternate].flatMap((one) => possibleTexts(source, one))
  }
  const value = node.type === 'Identifier' ? constantValue(source, node) : null
  return value ? possibleTexts(source, value) : [textOf(node)]
}

function constantValue(source: Source, name: Node): Node | null {
  const variable = references(source).find((one) => nodeOf(one) === name)?.resolved
  const declarator = variable?.defs[0]?.node as unknown as Node | undefined
  if (declarator?.type !== 'VariableDeclarator' || isDeclared(declarator)) return null
  const { parent } = declarator
  const isConstant = parent?.type === 'VariableDeclaration' && parent.kind === 'const'
  return isConstant && declarator.id.type === 'Identifier' ? declarator.init : null
}
