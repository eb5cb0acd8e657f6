/** The service's error messages that checkers must tell apart. */
export const TIMED_OUT = /^no answer in /
export const DEADLINE_PASSED = /^the deadline of /
export const CIRCUIT_OPEN = /^circuit open: /
export const NO_PLACE = /^no place among /
export const DROPLET_BLOCKED = /^the Registry lists droplet/
