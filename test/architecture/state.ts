/** What a module keeps for as long as the process runs, and may change meanwhile. */
import { DefinitionType, type Variable } from '@typescript-eslint/scope-manager'
import type { Node } from 'oxc-parser'
import { isChanged } from './changes.ts'
import {
  ancestry,
  globals,
  isDeclared,
  isFunction,
  isOfValue,
  keyOf,
  nodeOf,
  type Source,
} from './source.ts'

type Made = Extract<Node, { type: 'NewExpression' }>

const COLLECTIONS = new Set(['Map', 'Set', 'WeakMap', 'WeakSet', 'Array'])
/**
 * Their instances stay as they are, unless the file assigns to them. `Directory` is ours: all its
 * fields are read-only.
 */
const STEADY = new Set(['TextDecoder', 'TextEncoder', 'RegExp', 'URL', 'Intl', 'Directory'])

export function moduleState(source: Source): string[] {
  const variables = source.scopes.scopes.flatMap((scope) => scope.variables)
  return [
    ...variables.filter((one) => isOfModule(one)).flatMap(stateOf),
    ...changedGlobals(source),
    ...source.nodes.flatMap(stateIn),
  ].map((what) => `state: ${what}`)
}

function isOfModule({ defs: [definition] }: Variable): boolean {
  if (!definition || isDeclared(definition.node)) return false
  const node = definition.node as unknown as Node
  return isAtModuleLevel(definition.type === DefinitionType.FunctionName ? node.parent! : node)
}

/** Whether it runs when the module is loaded, once. */
function isAtModuleLevel(node: Node): boolean {
  return !ancestry(node).some((one) => isCalledLater(one) || isInstanceField(one))
}

/** What a function does that is called where it is written, `(() => {})()`, the module does. */
function isCalledLater(node: Node): boolean {
  const isCalled = node.parent?.type === 'CallExpression' && node.parent.callee === node
  return isFunction(node) && !isCalled
}

const isInstanceField = (node: Node) => node.type === 'PropertyDefinition' && !node.static

function stateOf(variable: Variable): string[] {
  const { name, references, defs } = variable
  const declarator = defs[0]!.node as unknown as Node
  const kind = declarator.parent?.type === 'VariableDeclaration' ? declarator.parent.kind : 'const'
  if (kind === 'let' || kind === 'var') return [`${kind} ${name}`]
  const uses = references.filter(isOfValue)
  const isWritten = uses.some((one) => (one.isWrite() && !one.init) || isChanged(nodeOf(one)))
  return isWritten || isOpenToAll(declarator, uses.map(nodeOf)) ? [`changes ${name}`] : []
}

/** An exported Map or Set whose type lets every importer change it. */
function isOpenToAll(node: Node, uses: readonly Node[]): boolean {
  if (node.type !== 'VariableDeclarator' || !node.init || !isCollection(node.init)) return false
  const isExported =
    node.parent?.parent?.type === 'ExportNamedDeclaration' ||
    uses.some(({ parent }) => parent?.type === 'ExportSpecifier')
  return isExported && !(node.id.type === 'Identifier' && isReadonly(node.id.typeAnnotation))
}

function isReadonly(annotation: { typeAnnotation: Node } | null | undefined): boolean {
  const type = annotation?.typeAnnotation
  if (type?.type === 'TSTypeOperator') return type.operator === 'readonly'
  const name = type?.type === 'TSTypeReference' ? type.typeName : null
  return name?.type === 'Identifier' && name.name.startsWith('Readonly')
}

const isCollection = (node: Node) => node.type === 'NewExpression' && COLLECTIONS.has(classOf(node))

/** Of `new Intl.NumberFormat()`, Intl. */
function classOf({ callee }: Made): string {
  const root = callee.type === 'MemberExpression' ? callee.object : callee
  return root.type === 'Identifier' ? root.name : 'class'
}

/** `process` aside: who may touch it is a rule of its own. */
function changedGlobals(source: Source): string[] {
  return globals(source).flatMap((node) =>
    node.type === 'Identifier' && node.name !== 'process' && isChanged(node)
      ? [`changes ${node.name}`]
      : [],
  )
}

function stateIn(node: Node): string[] {
  if (node.type === 'NewExpression') {
    return isSteady(node) || !isAtModuleLevel(node) ? [] : [`new ${classOf(node)}`]
  }
  if (node.type !== 'PropertyDefinition' && node.type !== 'AccessorProperty') return []
  if (!node.static || node.readonly || isDeclared(node)) return []
  return [`static ${keyOf(node, node.key) ?? 'field'}`]
}

/** A collection that starts empty is there to be filled. */
function isSteady(node: Made): boolean {
  const name = classOf(node)
  return STEADY.has(name) || (COLLECTIONS.has(name) && !isEmpty(node.arguments[0]))
}

function isEmpty(contents: Node | undefined): boolean {
  if (contents?.type === 'ArrayExpression') return contents.elements.length === 0
  if (contents?.type === 'Literal') return contents.value === null
  return !contents || (contents.type === 'Identifier' && contents.name === 'undefined')
}
