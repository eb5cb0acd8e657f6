import { version } from '../package.json'

/** Read from package.json, and only here. */
export const VERSION: string = version
export const SERVICE = 'orchestrator'

/** What our requests to droplets and to the Registry say of their sender. */
export const USER_AGENT = `${SERVICE}/${VERSION}`
