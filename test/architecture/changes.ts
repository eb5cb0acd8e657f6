import type { Node } from 'oxc-parser'
import { isWrapper, keyOf } from './source.ts'

/** Methods that change an array, a Map or a Set. */
const CHANGING = new Set(
  'push pop shift unshift splice sort reverse fill copyWithin set add delete clear'.split(' '),
)

/** Functions that change their first argument. */
const CHANGERS = new Set(
  'assign defineProperty defineProperties setPrototypeOf set deleteProperty'.split(' '),
)

/** Whether what a name holds changes here: `x.a = 1`, `x.a.push(1)`, `Object.assign(x, y)`. */
export function isChanged(node: Node, key: string | null = null): boolean {
  const parent = node.parent!
  if (isWrapper(parent)) return isChanged(parent, key)
  if (parent.type === 'MemberExpression' && parent.object === node) {
    return isChanged(parent, keyOf(parent, parent.property) ?? '')
  }
  if (parent.type !== 'CallExpression') return key !== null && isTarget(node, parent)
  if (parent.callee === node) return CHANGING.has(key ?? '') || (key === 'get' && isChanged(parent))
  return parent.arguments[0] === node && isChanger(parent.callee)
}

function isChanger(callee: Node): boolean {
  if (callee.type !== 'MemberExpression' || callee.object.type !== 'Identifier') return false
  const key = keyOf(callee, callee.property)
  return /^(Object|Reflect)$/.test(callee.object.name) && CHANGERS.has(key ?? '')
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
