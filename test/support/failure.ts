/**
 * What the promise rejects with. Not `expect(…).rejects`: that blocks Bun's event loop until the
 * promise settles, and what comes from another thread never gets through.
 */
export async function failureOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error('it did not fail')
}
