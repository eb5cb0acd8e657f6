-- The caller's traceparent and tracestate, where there was one.
alter table tasks add column trace_parent text;
alter table tasks add column trace_state text;
