/**
 * Takes the owner from the tasks whose ids are in `c`. Of a synchronous task nothing may be sent
 * any more: its time is over, so that any node ends it soon, whatever else waits, and however busy
 * the node is.
 */
export const FREE_C = `update orchestrator.live l
  set owner = null, expires_at = case l.mode when 'sync' then now() else l.expires_at end
  from c where l.id = any(array[c.id])`
