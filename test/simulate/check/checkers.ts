/** Tells every checker what happens, and the world what they find. */
import type { World } from '../world/world.ts'
import type { Checker, CreateChecker, Context, Events } from './checker.ts'

interface Named {
  name: string
  check: NonNullable<Checker[keyof Events]>
}

export class Checkers {
  /** How often each checker was asked. A checker that is never asked finds nothing. */
  readonly runs = new Map<string, number>()
  readonly #byEvent = new Map<keyof Events, Named[]>()

  /** `others`: they hear of the same. */
  constructor(
    private readonly world: World,
    private readonly others: Pick<Checkers, 'emit'> | null = null,
  ) {}

  add(checkers: Readonly<Record<string, CreateChecker>>, context: Context): void {
    for (const [name, create] of Object.entries(checkers)) {
      this.runs.set(name, 0)
      for (const [event, check] of Object.entries(create(context))) {
        const named = this.#byEvent.get(event as keyof Events) ?? []
        named.push({ name, check })
        this.#byEvent.set(event as keyof Events, named)
      }
    }
  }

  /** Tells only those that are its own. */
  emitHere<E extends keyof Events>(event: E, data: Events[E]): void {
    this.#emit(event, data)
  }

  emit<E extends keyof Events>(event: E, data: Events[E]): void {
    this.others?.emit(event, data)
    this.#emit(event, data)
  }

  #emit<E extends keyof Events>(event: E, data: Events[E]): void {
    for (const { name, check } of this.#byEvent.get(event) ?? []) {
      this.runs.set(name, this.runs.get(name)! + 1)
      const finding = (check as NonNullable<Checker[E]>)(data)
      if (finding === null) continue
      if (typeof finding === 'string') this.world.violate(name, finding, data.taskId)
      else for (const { text, taskId } of finding) this.world.violate(name, text, taskId)
    }
  }
}
