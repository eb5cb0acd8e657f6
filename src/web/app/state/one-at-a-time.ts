/**
 * Work that is asked for while it is done is done once more afterwards: what it has read by then may
 * be old. `work` must not reject.
 */
export function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let isWorking = false
  let isWanted = false
  return async () => {
    isWanted = true
    if (isWorking) return
    isWorking = true
    while (isWanted) {
      isWanted = false
      await work()
    }
    isWorking = false
  }
}
