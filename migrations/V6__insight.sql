-- What the admin pages count and tell: attempts of syncs, tallies, rollups.
select 1;
