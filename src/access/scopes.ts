/** What a token may be used for. */

export const SCOPES = ['tasks:read', 'tasks:write', 'admin'] as const
export type Scope = (typeof SCOPES)[number]

/** What a route asks for: nothing, a token of any scope, or a token with that scope. */
export type Access = 'open' | 'token' | Scope

export function isScope(text: string): text is Scope {
  return (SCOPES as readonly string[]).includes(text)
}

/** `admin` stands for all others. */
export function permits(scopes: ReadonlySet<Scope>, scope: Scope): boolean {
  return scopes.has(scope) || scopes.has('admin')
}
