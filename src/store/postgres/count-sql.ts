/**
 * Counts what has ended, or has not any more: `from` is a relation with ids, droplets and states of
 * such tasks, `sign` what each of them changes, `writer` the parameter that says whose counts. In
 * the order of the key: so that two never wait for each other.
 */
export const countSql = (from: string, sign: 1 | -1, writer: string) => `
  insert into orchestrator.counts as c (day, droplet_key, status, writer, tasks)
  select orchestrator.day_of(id), droplet_key, status, ${writer}::text, ${sign} * count(*)
  from ${from} group by 1, 2, 3 order by 1, 2, 3
  on conflict (day, droplet_key, status, writer) do update set tasks = c.tasks + excluded.tasks`
