/** How long a variable lives: as long as the process, or as long as one call of a function. */
import { DefinitionType, type Variable } from '@typescript-eslint/scope-manager'
import type { Node } from 'oxc-parser'
import { ancestry, isDeclared, isFunction, nodeOf, variablesOf, type Source } from './source.ts'

/** Whether it runs when the module is loaded, once. */
export const isAtModuleLevel = (node: Node): boolean =>
  !ancestry(node).some((one) => (isFunction(one) && !isCalledInPlace(one)) || isInstanceField(one))

/** `(() => {})()` */
const isCalledInPlace = (node: Node) =>
  node.parent?.type === 'CallExpression' && node.parent.callee === node

const isInstanceField = (node: Node) => node.type === 'PropertyDefinition' && !node.static

/** Whether the variable lives as long as the module, that is, as long as the process. */
export function isOfModule(source: Source, variable: Variable): boolean {
  const [definition] = variable.defs
  if (!definition || isDeclared(definition.node)) return false
  const node = definition.node as unknown as Node
  const place = definition.type === DefinitionType.FunctionName ? node.parent! : node
  const isInFunction = ancestry(place).some((one) => isFunction(one) || isInstanceField(one))
  return !isInFunction || isKept(source, variable)
}

/**
 * Whether a function keeps the variable alive that was made when the module was loaded:
 * `const next = counter()`, where `counter` returns a function that uses the variable.
 */
function isKept(source: Source, variable: Variable): boolean {
  const maker = variable.scope.variableScope.block as unknown as Node
  if (!isFunction(maker) || !isCalledByModule(source, maker)) return false
  const isGenerator = 'generator' in maker && maker.generator
  return isGenerator || variable.references.some((one) => isInInnerFunction(nodeOf(one), maker))
}

function isCalledByModule(source: Source, maker: Node): boolean {
  if (isCalledInPlace(maker)) return isAtModuleLevel(maker.parent!)
  const declaration = maker.type === 'FunctionDeclaration' ? maker : maker.parent!
  if (!('id' in declaration)) return false
  const named = variablesOf(source, declaration).find(({ identifiers }) =>
    identifiers.some((one) => (one as unknown) === declaration.id),
  )
  const uses = named?.references.map(nodeOf) ?? []
  return uses.some((node) => isCalledForResult(node) && isAtModuleLevel(node))
}

/** A call whose result nobody takes, `main()`, is the program of its process or thread. */
const isCalledForResult = (node: Node) =>
  isCalledInPlace(node) && node.parent!.parent?.type !== 'ExpressionStatement'

/** Callbacks aside, such as that of `list.forEach(() => {})`: most are not kept. */
function isInInnerFunction(node: Node, maker: Node): boolean {
  const path = ancestry(node)
  const outermost = path.slice(0, path.indexOf(maker)).findLast(isFunction)
  const parent = outermost?.parent
  const isCallback = parent?.type === 'CallExpression' && parent.callee !== outermost
  return outermost !== undefined && !isCallback
}
