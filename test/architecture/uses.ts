/**
 * What a file uses of globals and modules, as paths such as `Date.now`, `import.meta.env` or
 * `crypto.randomUUID`. A module has the path of its name without `node:`, so that the module
 * `node:crypto` and the global `crypto` have the same path. The module `bun` has the path `Bun`.
 */
import type { Node } from 'oxc-parser'
import { globals, isOfValue, isWrapper, keyOf, nodeOf, textOf, type Source } from './source.ts'

export interface Use {
  readonly path: string
  /** `new X(...)` with at least one argument. */
  readonly hasArguments: boolean
}

type Specifier = Extract<Node, { type: 'ImportDeclaration' }>['specifiers'][number]
type Pattern = Extract<Node, { type: 'ObjectPattern' }>

export function usesOf(source: Source): Use[] {
  const named = globals(source).flatMap((node) =>
    node.type === 'Identifier' ? follow(node, node.name) : [],
  )
  const others = source.nodes.flatMap((node) => usesIn(source, node))
  return [...named, ...others].map((use) => ({ ...use, path: withoutGlobalThis(use.path) }))
}

/** `globalThis.fetch` is `fetch`. */
const withoutGlobalThis = (path: string) =>
  path
    .replace(/^((globalThis|global|self|window)\.)*/, '')
    .replace(/^(global|self|window)$/, 'globalThis')

function usesIn(source: Source, node: Node): Use[] {
  switch (node.type) {
    case 'MetaProperty':
      return follow(node, `${node.meta.name}.${node.property.name}`)
    case 'ImportDeclaration':
      if (node.importKind === 'type') return []
      return node.specifiers.flatMap((one) => imported(source, moduleName(node.source), one))
    case 'ExportAllDeclaration':
      return node.exportKind === 'type' ? [] : [useOf(moduleName(node.source))]
    case 'ExportNamedDeclaration':
      return reexported(node)
    case 'ImportExpression':
      return [useOf(moduleName(node.source))]
    case 'TSExternalModuleReference':
      return [useOf(moduleName(node.expression))]
    default:
      return []
  }
}

const useOf = (path: string): Use => ({ path, hasArguments: false })

/** Empty when it is computed at run time: imports.ts reports that. */
function moduleName(node: Node): string {
  const name = textOf(node)?.replace(/^node:/, '') ?? ''
  return name === 'bun' ? 'Bun' : name
}

function imported(source: Source, module: string, specifier: Specifier): Use[] {
  if (specifier.type === 'ImportSpecifier') {
    if (specifier.importKind === 'type') return []
    const name = exportedName(specifier.imported)
    if (name !== 'default') return [useOf(`${module}.${name}`)]
  }
  // The name of the module as a whole: what counts is what the file takes from it.
  const tree = specifier as unknown as Parameters<Source['scopes']['getDeclaredVariables']>[0]
  const [variable] = source.scopes.getDeclaredVariables(tree)
  const uses = variable!.references.filter(isOfValue)
  return uses.flatMap((reference) => follow(nodeOf(reference), module))
}

function reexported(node: Extract<Node, { type: 'ExportNamedDeclaration' }>): Use[] {
  if (!node.source || node.exportKind === 'type') return []
  const module = moduleName(node.source)
  return node.specifiers.map(({ local }) => useOf(`${module}.${exportedName(local)}`))
}

const exportedName = (node: { name: string } | { value: string }) =>
  'name' in node ? node.name : node.value

/** What becomes of a value that has this path: `.now` and `{ now } =` make the path longer. */
function follow(node: Node, path: string): Use[] {
  const { parent } = node
  if (parent && isWrapper(parent)) return follow(parent, path)
  switch (parent?.type) {
    case 'MemberExpression':
      return parent.object === node
        ? longer(parent, path, keyOf(parent, parent.property))
        : [useOf(path)]
    case 'VariableDeclarator':
      return parent.id.type === 'ObjectPattern' ? takenFrom(parent.id, path) : [useOf(path)]
    case 'BinaryExpression':
      return /^(instanceof|in)$/.test(parent.operator) && parent.right === node ? [] : [useOf(path)]
    case 'UnaryExpression':
      return parent.operator === 'typeof' ? [] : [useOf(path)]
    case 'NewExpression':
      return [{ path, hasArguments: parent.callee === node && hasFirst(parent.arguments) }]
    default:
      return [useOf(path)]
  }
}

/** A member whose name is computed at run time may be any: then the file uses the whole. */
const longer = (node: Node, path: string, key: string | null) =>
  key === null ? [useOf(path)] : follow(node, `${path}.${key}`)

const hasFirst = (args: readonly Node[]) => args.length > 0 && args[0]!.type !== 'SpreadElement'

/** What `{ a, b: { c } }` takes from a value that has this path. */
function takenFrom(pattern: Pattern, path: string): Use[] {
  return pattern.properties.flatMap((property) => {
    const key = property.type === 'Property' ? keyOf(property, property.key) : null
    if (property.type !== 'Property' || key === null) return [useOf(path)]
    const { value } = property
    const target = value.type === 'AssignmentPattern' ? value.left : value
    const longerPath = `${path}.${key}`
    return target.type === 'ObjectPattern' ? takenFrom(target, longerPath) : [useOf(longerPath)]
  })
}
