-- The groups of writes that are not in the table tasks yet: each is one row, a JSON array of lines
-- (sqlite/lines.ts). A commit adds a row, which touches a page or two, and later many of them are
-- applied to the tables in one transaction.
create table journal (
  n      integer primary key, -- the order of the commits
  format integer not null,    -- of the lines
  lines  text not null
) strict;
