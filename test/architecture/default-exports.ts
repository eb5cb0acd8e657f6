import type { Node } from 'oxc-parser'
import type { Source } from './source.ts'

export function defaultExports({ nodes }: Source): string[] {
  return nodes.filter(isDefault).map(() => 'export: default')
}

function isDefault(node: Node): boolean {
  if (node.type === 'ExportSpecifier') {
    const { exported } = node
    return (exported.type === 'Identifier' ? exported.name : exported.value) === 'default'
  }
  return node.type === 'ExportDefaultDeclaration' || node.type === 'TSExportAssignment'
}
