-- What a node keeps of the history, for `orchestrator doctor`, which compares them. Not told by
-- nodes of the release before.
alter table orchestrator.nodes add column max_history int8, add column history_ttl_ms int8;
