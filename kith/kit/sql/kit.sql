-- Append-only tables refuse change from everybody, the owner included.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% rows are append-only', tg_table_name using errcode = 'restrict_violation';
end $$;

-- Exact request windows. Unlogged: counting must be cheap, and a crash may forget a window.
create unlogged table kit_rate_window (
  key text primary key, started_at timestamptz not null, window_s integer not null, n integer not null
) with (fillfactor = 70);

-- Django's database cache, unlogged for the same reason.
create unlogged table kit_cache (
  cache_key varchar(255) primary key, value text not null, expires timestamptz not null
);
create index kit_cache_expires on kit_cache (expires);

-- The declared steps of every state machine that moves money, loaded from the same table as the code's.
create table kit_state_edge (
  machine text not null, from_state text not null, to_state text not null, primary key (machine, from_state, to_state)
);
create function refuse_undeclared_step() returns trigger language plpgsql as $$
begin
  if new.status is distinct from old.status and not exists (
    select from kit_state_edge
     where machine = tg_argv[0] and from_state = old.status and to_state = new.status)
  then
    raise exception '%: % to % is not a declared step', tg_argv[0], old.status, new.status using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
comment on table kit_state_edge is 'writes:none';
