/** Times go over the wire in seconds, with fractions; in the service they are ms. */
export const seconds = (ms: number) => ms / 1000
export const secondsOrNull = (ms: number | null) => (ms === null ? null : seconds(ms))
