/** Whether code changes a value that a name holds: an object, an array, a Map or a Set. */
import type { Variable } from '@typescript-eslint/scope-manager'
import type { Node } from 'oxc-parser'
import {
  isFunction,
  isOfValue,
  isWrapper,
  keyOf,
  nodeOf,
  variablesOf,
  type Source,
} from './source.ts'

type Member = Extract<Node, { type: 'MemberExpression' }>

/** Methods that change an array, a Map or a Set. */
const CHANGING_METHODS = new Set(
  'push pop shift unshift splice sort reverse fill copyWithin set add delete clear'.split(' '),
)

/** Methods that give a part, which code can then change. */
const GIVING_METHODS = new Set(['get', 'at', 'find', 'findLast'])

/** Functions of Object and Reflect that change their first argument. */
const CHANGING_FUNCTIONS = new Set(
  'assign defineProperty defineProperties setPrototypeOf set deleteProperty'.split(' '),
)

/** Whether something changes the value of the variable. `followed`: those already looked at. */
export function isVariableChanged(
  source: Source,
  variable: Variable,
  followed: readonly Variable[] = [],
): boolean {
  if (followed.includes(variable)) return false
  const uses = variable.references.filter(isOfValue).map(nodeOf)
  return uses.some((node) => isChanged(source, node, [...followed, variable]))
}

/** Whether the value at this node is changed: `x.a = 1`, `x.a.push(1)`, `Object.assign(x, y)`. */
export function isChanged(
  source: Source,
  node: Node,
  followed: readonly Variable[] = [],
  key: string | null = null,
): boolean {
  const parent = node.parent!
  if (mayBeSame(node, parent)) return isChanged(source, parent, followed, key)
  if (parent.type === 'MemberExpression' && parent.object === node) {
    // `x.push.apply(x, list)`
    if (CHANGING_METHODS.has(key ?? '') && isCallHelper(parent)) return true
    return isChanged(source, parent, followed, keyOf(parent, parent.property) ?? '')
  }
  const receivers = receiversOf(source, node, key)
  if (receivers.some((one) => isVariableChanged(source, one, followed))) return true
  if (parent.type !== 'CallExpression') return key !== null && isTarget(node, parent)
  if (parent.callee !== node) return parent.arguments[0] === node && isChanger(parent.callee)
  if (GIVING_METHODS.has(key ?? '')) return isChanged(source, parent, followed)
  return CHANGING_METHODS.has(key ?? '') && !isOwnMethod(source, node)
}

const isCallHelper = (member: Member) =>
  /^(apply|bind|call)$/.test(keyOf(member, member.property) ?? '')

/** `x!`, `x ?? y`, `a ? x : y`: what has this value, or may have it. */
const mayBeSame = (node: Node, parent: Node) =>
  isWrapper(parent) ||
  parent.type === 'LogicalExpression' ||
  (parent.type === 'ConditionalExpression' && parent.test !== node)

/**
 * The variables that get this value or a part of it: `const copy = x`, `const { a } = x`, a
 * parameter of `f(x)`, `for (const one of x)`, the parameter in `x.forEach((one) => {})`.
 */
function receiversOf(source: Source, node: Node, key: string | null): Variable[] {
  const parent = node.parent!
  switch (parent.type) {
    case 'VariableDeclarator':
      return variablesOf(source, parent).filter((one) => !isRest(one))
    case 'ForOfStatement': {
      const { left } = parent
      const declarators = left.type === 'VariableDeclaration' ? left.declarations : []
      return declarators.flatMap((one) => variablesOf(source, one))
    }
    case 'CallExpression': {
      const { callee } = parent
      const callback = parent.arguments[0]
      if (callee === node) return key === 'forEach' ? parameters(source, callback, 0) : []
      const position = parent.arguments.findIndex((one) => one === node)
      return parameters(source, source.declarations.get(callee), position)
    }
    default:
      return []
  }
}

/** `{ ...rest }` is a new object. */
const isRest = ({ identifiers: [name] }: Variable) =>
  (name as unknown as Node | undefined)?.parent?.type === 'RestElement'

/** The variables of the parameter at this position; none when the file does not hold the function. */
function parameters(source: Source, declaration: Node | undefined, position: number): Variable[] {
  const called = functionOf(declaration)
  const parameter = called?.params[position]
  if (!called || !parameter) return []
  return variablesOf(source, called).filter(({ identifiers }) =>
    identifiers.some(({ range }) => range[0] >= parameter.start && range[1] <= parameter.end),
  )
}

/** The function that a name stands for: `function name() {}` or `const name = () => {}`. */
function functionOf(declaration: Node | undefined): (Node & { params: Node[] }) | null {
  const value = declaration?.type === 'VariableDeclarator' ? declaration.init : declaration
  return value && isFunction(value) && 'params' in value
    ? (value as Node & { params: Node[] })
    : null
}

/**
 * Whether this is `NAME.add` and NAME an object or a class of this file, or `this.add`: then it is
 * a method of our own, which only has the name of a method of Set. An imported name in the style
 * of `Name` is a class.
 */
function isOwnMethod(source: Source, node: Node): boolean {
  if (node.type !== 'MemberExpression') return false
  if (node.object.type === 'ThisExpression') return true
  const declaration = source.declarations.get(node.object)
  if (declaration?.type === 'ImportSpecifier') return /^[A-Z][a-z]/.test(declaration.local.name)
  if (declaration?.type !== 'VariableDeclarator') return declaration?.type === 'ClassDeclaration'
  return declaration.id.type === 'Identifier' && declaration.init?.type === 'ObjectExpression'
}

function isChanger(callee: Node): boolean {
  if (callee.type !== 'MemberExpression' || callee.object.type !== 'Identifier') return false
  const key = keyOf(callee, callee.property)
  return /^(Object|Reflect)$/.test(callee.object.name) && CHANGING_FUNCTIONS.has(key ?? '')
}

/** Whether something is assigned to the node, or it is counted up or down, or deleted. */
function isTarget(node: Node, parent: Node): boolean {
  switch (parent.type) {
    case 'AssignmentExpression':
    case 'AssignmentPattern':
    case 'ForInStatement':
    case 'ForOfStatement':
      return (parent.left as Node) === node
    case 'Property':
      return parent.value === node && parent.parent?.type === 'ObjectPattern'
    case 'UnaryExpression':
      return parent.operator === 'delete'
    case 'UpdateExpression':
    case 'ArrayPattern':
    case 'RestElement':
      return true
    default:
      return false
  }
}
