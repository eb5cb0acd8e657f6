/**
 * What the rules must find, and the sources in which they must find it, each on its own. All of
 * these stand in `src/delivery/planted.ts`.
 */
export type Planted = Readonly<Record<string, readonly string[]>>
