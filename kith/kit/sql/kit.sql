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
-- The table is named with its schema: a temporary one of that name would otherwise be asked instead.
create function refuse_undeclared_step() returns trigger language plpgsql as $$
begin
  if new.status is distinct from old.status and not exists (
    select from public.kit_state_edge
     where machine = tg_argv[0] and from_state = old.status and to_state = new.status)
  then
    raise exception '%: % to % is not a declared step', tg_argv[0], old.status, new.status using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
comment on table kit_state_edge is 'writes:none';

-- The first transaction that may still become visible in this database. Transaction ids are shared by the
-- whole server, so one that is provably busy in another database does not hold our consumers back.
create function event_horizon() returns xid8 language sql volatile as $$
  with now_running as (select pg_current_snapshot() as snapshot)
  select coalesce(
    (select running from now_running, pg_snapshot_xip(snapshot) running
      where not exists (
        select from pg_locks held join pg_stat_activity busy on busy.pid = held.pid
         where held.locktype = 'transactionid' and held.granted and held.mode = 'ExclusiveLock'
           and held.transactionid = (running::text::bigint & 4294967295)::text::xid
           and busy.datname is distinct from current_database())
      order by running limit 1),
    (select pg_snapshot_xmax(snapshot) from now_running))
$$;
