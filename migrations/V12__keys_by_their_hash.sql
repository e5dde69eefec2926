-- The hash first: nearly every comparison in the index then ends with the first column, where kind and source are the
-- same for whole floods. Every key is looked up by all three.
alter table dedupe drop constraint dedupe_pkey, add primary key (key, source_id, kind);
