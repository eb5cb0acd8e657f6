/**
 * The schema's history: migration n takes the database from version n - 1 to n. Nodes of the last
 * release go on while a new one migrates: so a migration only adds what they need not know of, and
 * what is not used any more goes one release later.
 */
import shared from './001-shared.sql' with { type: 'text' }
import nodeLimits from './002-node-limits.sql' with { type: 'text' }
import metaIdentity from './003-meta-identity.sql' with { type: 'text' }

export const MIGRATIONS: readonly string[] = [shared, nodeLimits, metaIdentity]
