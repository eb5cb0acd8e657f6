/** Objects and collections that start empty, and the types that keep them so. */
import type { Node } from 'oxc-parser'
import { isWrapper } from './source.ts'

/** Something with a type, as `x: T` or `x as T`. */
interface Typed {
  readonly typeAnnotation?: Node | null
}

/**
 * `{}` or `[]` without a read-only type. It is there to be filled, and whoever gets it may fill
 * it, in other files as well.
 */
export function startsEmpty(node: Node): boolean {
  if (isWrapper(node) && 'expression' in node) return startsEmpty(node.expression as Node)
  const isEmptyObject = node.type === 'ObjectExpression' && node.properties.length === 0
  const isEmptyList = node.type === 'ArrayExpression' && node.elements.length === 0
  return (isEmptyObject || isEmptyList) && !isTypedReadonly(node)
}

/**
 * Whether a collection has nothing in it that is made from this: `new Set()`, `new Set([])`. In
 * `new Uint8Array(8)` there are eight places with nothing in them.
 */
export function hasNothingIn(contents: Node | undefined): boolean {
  if (contents?.type === 'ArrayExpression') return contents.elements.length === 0
  if (contents?.type === 'Literal')
    return contents.value === null || typeof contents.value === 'number'
  return !contents || (contents.type === 'Identifier' && contents.name === 'undefined')
}

/** Whether `as` or the variable or field that holds the value gives it a read-only type. */
export function isTypedReadonly({ parent }: Node): boolean {
  if (!parent) return false
  if (isWrapper(parent)) {
    return ('typeAnnotation' in parent && isReadonly(parent)) || isTypedReadonly(parent)
  }
  if (parent.type === 'VariableDeclarator') return isReadonly(parent.id as Typed)
  return parent.type === 'PropertyDefinition' && isReadonly(parent)
}

function isReadonly({ typeAnnotation }: Typed): boolean {
  const type =
    typeAnnotation?.type === 'TSTypeAnnotation' ? typeAnnotation.typeAnnotation : typeAnnotation
  if (type?.type === 'TSTypeOperator') return type.operator === 'readonly'
  const name = type?.type === 'TSTypeReference' ? type.typeName : null
  return name?.type === 'Identifier' && /^(Readonly|const$)/.test(name.name)
}
