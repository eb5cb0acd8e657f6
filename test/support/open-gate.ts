import type { Gate, Permit } from '../../src/droplets/gate.ts'

const nothing = (): void => {}

const openPermit: Permit = { admitted: true, sending: nothing, release: nothing }

/** Admits everything. */
export const openGate: Gate = {
  admit: () => nothing,
  enter: () => openPermit,
  hasRoom: () => true,
  enterNow: () => openPermit,
  isShut: () => false,
  onRoom: nothing,
}
