/** What a module keeps for as long as the process runs, and may change meanwhile. */
import type { Variable } from '@typescript-eslint/scope-manager'
import type { Node } from 'oxc-parser'
import { isChanged, isVariableChanged } from './changes.ts'
import { hasNothingIn, isTypedReadonly, startsEmpty } from './empty.ts'
import { isAtModuleLevel, isOfModule } from './lifetime.ts'
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
const NUMBER_ARRAY = /^(Int|Uint|Float|BigInt|BigUint)\d+(Clamped)?Array$/
/**
 * Classes whose instances stay as they are, unless the file assigns to them. `Directory` is ours:
 * all its fields are read-only.
 */
const UNCHANGING_CLASSES = new Set(
  'TextDecoder TextEncoder RegExp URL URLPattern Glob Intl Date Error Directory'.split(' '),
)

export function moduleState(source: Source): string[] {
  const variables = source.scopes.scopes.flatMap((scope) => scope.variables)
  return [
    ...variables.filter((one) => isOfModule(source, one)).flatMap((one) => stateOf(source, one)),
    ...changedGlobals(source),
    ...source.nodes.flatMap((node) => stateIn(source, node)),
  ].map((what) => `state: ${what}`)
}

function stateOf(source: Source, variable: Variable): string[] {
  const { name, references, defs } = variable
  const declarator = defs[0]!.node as unknown as Node
  const kind = declarator.parent?.type === 'VariableDeclaration' ? declarator.parent.kind : 'const'
  if (kind !== 'const') return [`${kind} ${name}`]
  const uses = references.filter(isOfValue)
  const isChangedHere =
    uses.some((one) => one.isWrite() && !one.init) || isVariableChanged(source, variable)
  if (isChangedHere || isOpenToImporters(declarator, uses.map(nodeOf))) return [`changes ${name}`]
  if (declarator.type !== 'VariableDeclarator' || !declarator.init) return []
  if (startsEmpty(declarator.init) && isAtModuleLevel(declarator)) return [`empty ${name}`]
  return isStickyPattern(declarator.init, uses.map(nodeOf)) ? [`changes ${name}`] : []
}

/** A pattern such as `/a/g` remembers where its last match ended: the next `test` goes on there. */
function isStickyPattern(pattern: Node, uses: readonly Node[]): boolean {
  if (pattern.type !== 'Literal' || !('regex' in pattern)) return false
  const isMatched = ({ parent }: Node) =>
    parent?.type === 'MemberExpression' &&
    /^(test|exec)$/.test(keyOf(parent, parent.property) ?? '')
  return /[gy]/.test(pattern.regex.flags) && uses.some(isMatched)
}

/** An exported Map or Set whose type lets every importer change it. */
function isOpenToImporters(node: Node, uses: readonly Node[]): boolean {
  if (node.type !== 'VariableDeclarator' || !node.init || !isCollection(node.init)) return false
  const isExported =
    node.parent?.parent?.type === 'ExportNamedDeclaration' ||
    uses.some(({ parent }) => parent?.type === 'ExportSpecifier')
  return isExported && !isTypedReadonly(node.init)
}

const isCollection = (node: Node) => node.type === 'NewExpression' && COLLECTIONS.has(classOf(node))

/** `Intl` of `new Intl.NumberFormat()`, otherwise the last name: `Glob` of `new Bun.Glob()`. */
function classOf({ callee }: Made): string {
  if (callee.type === 'Identifier') return callee.name
  if (callee.type !== 'MemberExpression') return 'class'
  const isOfIntl = callee.object.type === 'Identifier' && callee.object.name === 'Intl'
  return isOfIntl ? 'Intl' : (keyOf(callee, callee.property) ?? 'class')
}

/** `process` aside: which file may use it is a rule of its own. */
function changedGlobals(source: Source): string[] {
  return globals(source).flatMap((node) =>
    node.type === 'Identifier' && node.name !== 'process' && isChanged(source, node)
      ? [`changes ${node.name}`]
      : [],
  )
}

function stateIn(source: Source, node: Node): string[] {
  if (node.type === 'NewExpression') {
    return isUnchanging(node) || !isAtModuleLevel(node) ? [] : [`new ${classOf(node)}`]
  }
  if (node.type === 'ThisExpression') {
    return isOfModuleObject(node) && isChanged(source, node) ? ['changes this'] : []
  }
  if (node.type !== 'PropertyDefinition' && node.type !== 'AccessorProperty') return []
  if (!node.static || isDeclared(node)) return []
  const mayChange = !node.readonly || (node.value && startsEmpty(node.value))
  return mayChange ? [`static ${keyOf(node, node.key) ?? 'field'}`] : []
}

/** Whether `this` is a class, in a static method, or an object that a module makes once. */
function isOfModuleObject(node: Node): boolean {
  const owner = ancestry(node).find(
    (one) => isFunction(one) && !one.type.startsWith('Arrow'),
  )?.parent
  if (owner?.type === 'MethodDefinition') return owner.static
  return owner?.type === 'Property' && isAtModuleLevel(owner)
}

/** A collection that starts empty is there to be filled, unless its type is read-only. */
function isUnchanging(node: Made): boolean {
  const name = classOf(node)
  if (UNCHANGING_CLASSES.has(name) || name.endsWith('Error')) return true
  if (!COLLECTIONS.has(name) && !NUMBER_ARRAY.test(name)) return false
  return !hasNothingIn(node.arguments[0]) || isTypedReadonly(node)
}
