import { version } from '../package.json'

/** The one place that knows the version is package.json. */
export const VERSION: string = version
export const SERVICE = 'orchestrator'
