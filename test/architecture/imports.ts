/** What a file imports, in whichever way. */
import type { Node } from 'oxc-parser'
import { ancestry, isDeclared, textOf, type Source } from './source.ts'

export interface Import {
  /** As the file writes it; null when it is computed at run time. */
  readonly name: string | null
  /** `path`: the file of a `new URL()` or a `new Worker()`. */
  readonly kind: 'value' | 'type' | 'path'
}

type Call = Extract<Node, { type: 'CallExpression' | 'NewExpression' }>
type ImportDeclaration = Extract<Node, { type: 'ImportDeclaration' }>

export function importsOf(source: Source): Import[] {
  return source.nodes.flatMap((node) => importsIn(source, node))
}

function importsIn(source: Source, node: Node): Import[] {
  switch (node.type) {
    case 'ImportDeclaration':
      return [{ name: node.source.value, kind: kindOf(node) }]
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
      if (!node.source) return []
      return [{ name: node.source.value, kind: node.exportKind ?? 'value' }]
    case 'TSExternalModuleReference':
      return [{ name: node.expression.value, kind: 'value' }]
    case 'TSImportType':
      return [{ name: node.source.value, kind: 'type' }]
    case 'ImportExpression':
      return [{ name: textOf(node.source), kind: 'value' }]
    case 'NewExpression':
    case 'CallExpression':
      return pathsIn(source, node).map((name) => ({ name, kind: 'path' }))
    default:
      return []
  }
}

/** Bun leaves out an import that names types only, `import { type A }`, as it does `import type`. */
function kindOf(node: ImportDeclaration): 'value' | 'type' {
  const { specifiers } = node
  const areTypes = specifiers.every(
    (one) => one.type === 'ImportSpecifier' && one.importKind === 'type',
  )
  return node.importKind === 'type' || (specifiers.length > 0 && areTypes) ? 'type' : 'value'
}

/** The files of `new Worker(file)`, `new URL(file, import.meta.url)` and `URL.parse(...)`. */
function pathsIn(source: Source, node: Call): (string | null)[] {
  const [file, base] = node.arguments
  if (!file) return []
  if (isNew(node, 'Worker')) return isNew(file, 'URL') ? [] : possibleFiles(source, file)
  if (!isNew(node, 'URL') && !isParseOfUrl(node)) return []
  const isOwn = (base && mentionsImportMeta(source, base)) || isNew(node.parent, 'Worker')
  return isOwn ? possibleFiles(source, file) : []
}

/** Whether this is `new Name()` or `new some.Name()`. */
function isNew(node: Node | null | undefined, name: string): boolean {
  if (node?.type !== 'NewExpression') return false
  const { callee } = node
  const last = callee.type === 'MemberExpression' ? callee.property : callee
  return last.type === 'Identifier' && last.name === name
}

function isParseOfUrl({ type, callee }: Call): boolean {
  if (type !== 'CallExpression' || callee.type !== 'MemberExpression') return false
  const { object, property } = callee
  return (
    object.type === 'Identifier' &&
    object.name === 'URL' &&
    property.type === 'Identifier' &&
    property.name === 'parse'
  )
}

/** Whether `import.meta` is part of it, as it is or by way of a constant. */
function mentionsImportMeta(source: Source, node: Node): boolean {
  return source.nodes.some((one) => {
    if (!ancestry(one).includes(node)) return false
    if (one.type === 'MetaProperty') return true
    const declaration = one.type === 'Identifier' ? source.declarations.get(one) : null
    if (declaration?.type !== 'VariableDeclarator' || !declaration.init) return false
    // A variable in its own initial value would never end.
    return !ancestry(node).includes(declaration) && mentionsImportMeta(source, declaration.init)
  })
}

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
  const declarator = source.declarations.get(name)
  if (declarator?.type !== 'VariableDeclarator' || isDeclared(declarator)) return null
  const { parent } = declarator
  const isConstant = parent?.type === 'VariableDeclaration' && parent.kind === 'const'
  return isConstant && declarator.id.type === 'Identifier' ? declarator.init : null
}
