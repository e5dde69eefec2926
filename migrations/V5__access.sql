-- Who may do what: members, teams, grants, and how they sign in.
select 1;
