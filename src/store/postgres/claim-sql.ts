/**
 * The statements by which a session takes tasks that nobody owns. Of 1,000,000 that wait, 32 take
 * 1 ms; past a droplet that has 700,000 of them, 1 ms and 7 µs for each droplet that has any.
 */
import { CLAIMED_COLUMNS } from './rows.ts'

const DUE = `owner is null and claim_at <= now() + interval '1 s'`

/** What nobody has room for ends in time all the same, and whatever its droplet is like. */
const EXPIRED = `e as materialized (select id from orchestrator.live
    where owner is null and expires_at <= now()
    order by expires_at limit 64 for update skip locked)`

/** What a dead session took would be nobody's at once, and be worked on all the same. */
const ALIVE = `exists (select from orchestrator.nodes where session = $1::uuid and not dead)`

/** `number`: the parameter with the number of the claim. */
const takeFromC = (number: string) => `update orchestrator.live l
  set owner = $1::uuid, fence = l.fence + 1, step = 0, claim = ${number}::int8
  from c where l.id = any(array[c.id]) and ${ALIVE}
  returning ${CLAIMED_COLUMNS.map((name) => `l.${name}`).join(', ')}, l.fence, l.cancel,
    ceil(extract(epoch from l.claim_at - now()) * 1000)::int8 as wait_ms,
    greatest(0, floor(extract(epoch from now() - l.accepted_at) * 1000))::int8 as age_ms`

/**
 * The number is in the text, as the next power of two: with a parameter alone, the plan is one
 * for a tenth of all tasks, and takes 200 ms of a million. The outer limit stops the inner one, so
 * that no row is locked in vain.
 */
export const claimSql = (most: number) => `with t as materialized (
    select id from (select id from orchestrator.live where ${DUE}
      order by claim_at, id limit ${most} for update skip locked) as taken limit $2::int4),
  ${EXPIRED},
  c as (select id from t union select id from e)
  ${takeFromC('$3')}`

/**
 * The droplets that have tasks are found one by one, each with its oldest by one look into the
 * index: so however many tasks the others have, they are not looked at. The oldest tasks of all
 * are among those of as many droplets, the ones with the oldest first. Locked are no more than are
 * taken, of twice as many: another node may have some of them. (`num_nulls(owner) = 1` there is
 * `owner is null`, said so that no index serves it: else `live_claim` might be read through.)
 */
export const claimExceptSql = (most: number) => `with recursive d (droplet_key, claim_at) as (
    (select droplet_key, claim_at from orchestrator.live where owner is null
      order by droplet_key, claim_at, id limit 1)
    union all
    select n.droplet_key, n.claim_at from d cross join lateral (
      select l.droplet_key, l.claim_at from orchestrator.live l
      where l.owner is null and l.droplet_key > d.droplet_key
      order by l.droplet_key, l.claim_at, l.id limit 1) n),
  o as materialized (select droplet_key from d where droplet_key <> all($3::text[])
    and claim_at <= now() + interval '1 s' order by claim_at limit ${2 * most}),
  f as materialized (select f.id, f.claim_at from o
    cross join lateral (select id, claim_at from orchestrator.live l
      where l.droplet_key = o.droplet_key and ${DUE} order by claim_at, id limit ${2 * most}) f
    order by f.claim_at, f.id limit ${2 * most}),
  t as materialized (select id from (select l.id from f
      join orchestrator.live l on l.id = any(array[f.id])
      where num_nulls(l.owner) = 1 order by f.claim_at, f.id for update of l skip locked) as taken
    limit $2::int4),
  ${EXPIRED},
  c as (select id from t union select id from e)
  ${takeFromC('$4')}`

/** One task, due or not. */
export const TAKE_SQL = `with c as materialized (select id from orchestrator.live
    where id = $2::uuid and owner is null for update)
  ${takeFromC('$3')}`
