/** A parsed file: its nodes, each of which knows its parent, and what its names stand for. */
import {
  analyze,
  type Reference,
  type ScopeManager,
  type Variable,
} from '@typescript-eslint/scope-manager'
import { parseSync, visitorKeys, type Node } from 'oxc-parser'

export interface Source {
  /** From src. */
  readonly file: string
  readonly text: string
  /** All of them, outer before inner. */
  readonly nodes: readonly Node[]
  readonly scopes: ScopeManager
  /** Where the file names a value. Names in types are left out. */
  readonly references: readonly Reference[]
  /** The node that declares the variable at a name, if this file does. */
  readonly declarations: ReadonlyMap<Node, Node>
}

export function parse(file: string, text: string): Source {
  const lang = file.endsWith('.tsx') ? 'tsx' : 'ts'
  const options = { lang, sourceType: 'module', range: true, preserveParens: false } as const
  const { program, errors } = parseSync(file, text, options)
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]!.message}`)
  const nodes = inside(program)
  // Both packages describe the same tree (TS-ESTree), each with type names of its own. Without
  // `lib`, a name that the file does not declare stays unresolved.
  const tree = program as unknown as Parameters<typeof analyze>[0]
  const scopes = analyze(tree, { sourceType: 'module', lib: [] })
  const references = scopes.scopes.flatMap((scope) => scope.references).filter(isOfValue)
  return { file, text, nodes, scopes, references, declarations: declarationsOf(references) }
}

/** The node and all below it. Sets their parents. */
function inside(node: Node): Node[] {
  const children = (visitorKeys[node.type] ?? [])
    .flatMap((key) => node[key as keyof Node] as unknown as Node | Node[] | null)
    .filter((child) => child !== null && child !== undefined)
  return [node, ...children.flatMap((child) => inside(Object.assign(child, { parent: node })))]
}

function declarationsOf(references: readonly Reference[]): Map<Node, Node> {
  return new Map(
    references.flatMap((reference) => {
      const declaration = reference.resolved?.defs[0]?.node as unknown as Node | undefined
      return declaration ? [[nodeOf(reference), declaration] as const] : []
    }),
  )
}

export const isOfValue = (reference: Reference): boolean =>
  reference.isValueReference && !isInType(nodeOf(reference))

/** The names of the global scope that the file uses as values. */
export function globals(source: Source): Node[] {
  return source.references
    .filter(({ resolved }) => !resolved || resolved.defs.every(({ node }) => isDeclared(node)))
    .map(nodeOf)
}

/** The variables that the node declares: a declarator, a function with its parameters. */
export const variablesOf = ({ scopes }: Source, node: Node): readonly Variable[] =>
  scopes.getDeclaredVariables(node as unknown as Parameters<typeof scopes.getDeclaredVariables>[0])

export const nodeOf = (reference: Reference) => reference.identifier as unknown as Node

/** `typeof x` as a type: it reads no value. */
function isInType({ parent }: Node): boolean {
  if (parent?.type === 'TSQualifiedName') return isInType(parent)
  return parent?.type === 'TSTypeQuery'
}

/** `declare const x` makes no variable: at run time, `x` is the global one. */
export const isDeclared = (node: unknown): boolean =>
  ancestry(node as Node).some((one) => 'declare' in one && one.declare === true)

/** The node, its parent, and so on up to the whole file. */
export function ancestry(node: Node): Node[] {
  const path = [node]
  while (path.at(-1)!.parent) path.push(path.at(-1)!.parent!)
  return path
}

/** Whether the parent is the same value, only seen as another type: `x!`, `x as T`, `x?.y`. */
export const isWrapper = ({ type }: Node) =>
  /^TS(As|Satisfies|NonNull|Instantiation)Expression$|^TSTypeAssertion$|^ChainExpression$/.test(
    type,
  )

export const isFunction = ({ type }: Node) =>
  /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(type)

/** The name of `x.name`, `x['name']` or `{ name: y }`; null when it is computed at run time. */
export function keyOf(node: { computed: boolean }, key: Node): string | null {
  if (key.type === 'PrivateIdentifier') return `#${key.name}`
  if (!node.computed && key.type === 'Identifier') return key.name
  return textOf(key)
}

/** What a plain text says; null for anything else. */
export function textOf(node: Node): string | null {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : null
  if (node.type !== 'TemplateLiteral' || node.expressions.length > 0) return null
  return node.quasis[0]!.value.cooked
}
