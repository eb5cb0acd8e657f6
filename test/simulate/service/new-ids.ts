/** Numbers for all processes, and ids for all tasks, of a run. */
export class NewIds {
  #processes = 0
  #tasks = 0

  process(): number {
    return ++this.#processes
  }

  task(): string {
    return `T${++this.#tasks}`
  }
}
