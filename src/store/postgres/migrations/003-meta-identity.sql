-- A publication for all tables forbids updates of rows that it cannot name, and this table has no key.
alter table orchestrator.meta replica identity full;
