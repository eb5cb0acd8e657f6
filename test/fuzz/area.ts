/** One kind of input: how it is made, and what must come of it. */
import type fc from 'fast-check'
import type { Spent } from './cost.ts'
import type { Setup, World } from './world.ts'

export interface Area<Input> {
  readonly name: string
  /** How many of a hundred inputs are its. */
  readonly share: number
  readonly inputs: fc.Arbitrary<Input>
  readonly setup?: Setup
  /** What reads them here, without the service, something benign of that size: to compare with. */
  readonly benign?: (bytes: number) => Promise<unknown>
  /**
   * Resolves with the bytes that it took: what was sent, and what came back, in one request unless
   * told. Throws when something is not as it must be.
   */
  run(input: Input, world: World): Promise<number | Spent>
}

/** An area among others. */
export type AnyArea = Area<unknown>
