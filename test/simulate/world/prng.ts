/** The only source of randomness: sfc32, seeded by splitmix32. */
export class Prng {
  #a: number
  #b: number
  #c: number
  #count = 1

  constructor(private readonly seed: number) {
    let state = seed | 0
    const mix = () => {
      state = (state + 0x9e3779b9) | 0
      let z = state ^ (state >>> 16)
      z = Math.imul(z, 0x21f0aaad)
      z ^= z >>> 15
      z = Math.imul(z, 0x735a2d97)
      return z ^ (z >>> 15)
    }
    this.#a = mix()
    this.#b = mix()
    this.#c = mix()
    for (let i = 0; i < 12; i++) this.next()
  }

  /** A separate stream: when one part draws more numbers, the others still draw the same. */
  fork(label: string): Prng {
    return new Prng(Bun.hash.xxHash32(label, this.seed >>> 0))
  }

  /** 0 ≤ x < 1. */
  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#count) | 0
    this.#count = (this.#count + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  between(min: number, max: number): number {
    return min + this.next() * (max - min)
  }

  /** Both ends included. */
  integer(min: number, max: number): number {
    return Math.floor(this.between(min, max + 1))
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.next() * list.length)]!
  }

  weighted<T extends string>(weights: Readonly<Partial<Record<T, number>>>): T {
    const entries = Object.entries(weights) as [T, number][]
    let rest = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [value, weight] of entries) if ((rest -= weight) < 0) return value
    return entries.at(-1)![0]
  }

  /** The time between two events of a Poisson process. */
  exponential(mean: number): number {
    return -Math.log(1 - this.next()) * mean
  }
}
