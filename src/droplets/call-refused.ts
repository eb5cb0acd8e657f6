/** A request was not sent, because it may not go there: see `allow-list.ts`. */
export class CallRefused extends Error {}
