-- The doors. Each runs as the owner of the tables with a pinned search path and serves only the tenant in
-- force. Refusals carry their own SQLSTATE, which kith/ledger/actions.py translates at one place:
--   KL001 tenant not in force        KL002 malformed request       KL003 idempotency key reused
--   KL004 below the floor            KL005 above the ceiling       KL006 account frozen
--   KL007 unknown account            KL008 currency mismatch       KL009 not the mirror of the reversed journal
--   KL010 unknown currency

create function ledger_require_tenant(p_tenant int) returns void language plpgsql stable as $$
begin
  if p_tenant is distinct from nullif(current_setting('app.tenant_id', true), '')::int then
    raise exception 'tenant % is not in force', p_tenant using errcode = 'KL001';
  end if;
end $$;

-- Gives a tenant a currency of points (PTS, or PTS_ and a name). The same call twice is one currency.
create function ledger_define_points(p_tenant int, p_code text, p_name text)
returns bigint language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare found_id bigint;
begin
  perform ledger_require_tenant(p_tenant);
  if p_code !~ '^PTS(_[A-Z0-9]{1,12})?$' then
    raise exception 'currency % is not one of points', p_code using errcode = 'KL010', detail = p_code;
  end if;
  insert into ledger_currency (tenant_id, code, exponent, kind, name) values (p_tenant, p_code, 0, 'points', p_name)
  on conflict (tenant_id, code) do nothing;
  select c.id into found_id from ledger_currency c where c.tenant_id = p_tenant and c.code = p_code;
  return found_id;
end $$;

-- Opens an account, or finds the one already there; a points currency is defined by its first use. A hard-capped budget has floor 0, an unlimited one none.
create function ledger_open(p_tenant int, p_kind text, p_owner uuid, p_currency text, p_capped boolean default true)
returns bigint language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare found_id bigint; points bigint; c ledger_currency; person boolean;
begin
  perform ledger_require_tenant(p_tenant);
  for attempt in 1..2 loop
    select a.id into found_id from ledger_account a
     where a.tenant_id = p_tenant and a.kind = p_kind and a.owner_id is not distinct from p_owner
       and a.currency = p_currency;
    exit when found or attempt = 2;
    select * into c from ledger_currency l
     where l.code = p_currency and (l.tenant_id is null or l.tenant_id = p_tenant);
    if not found and p_currency ~ '^PTS' then
      points := ledger_define_points(p_tenant, p_currency, 'Points');
      select * into c from ledger_currency where id = points;
    end if;
    if c.id is null then
      raise exception 'currency % is unknown here', p_currency using errcode = 'KL010', detail = p_currency;
    end if;
    person := p_kind in ('pending', 'available', 'reserved', 'paid', 'debt');
    insert into ledger_account (tenant_id, currency, currency_id, kind, owner_id, floor, ceiling, is_system)
    values (p_tenant, c.code, c.id, p_kind, p_owner,
            case when (person and p_kind <> 'debt') or (p_kind = 'budget' and p_capped) then 0 end,
            case when p_kind = 'debt' then 0 end, not person)
    on conflict (tenant_id, kind, owner_id, currency) do nothing;
  end loop;
  return found_id;
end $$;

-- A frozen account gives nothing; it may still receive.
create function ledger_freeze(p_tenant int, p_account bigint, p_frozen boolean)
returns boolean language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  perform ledger_require_tenant(p_tenant);
  update ledger_account set frozen = p_frozen where id = p_account and tenant_id = p_tenant;
  if not found then
    raise exception 'account % does not exist', p_account using errcode = 'KL007', detail = p_account::text;
  end if;
  return p_frozen;
end $$;

-- Caps a budget at what it holds (true) or lets it go below zero (false). Capping an overspent one is refused.
create function ledger_set_floor(p_tenant int, p_account bigint, p_capped boolean)
returns void language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare a ledger_account;
begin
  perform ledger_require_tenant(p_tenant);
  select * into a from ledger_account where id = p_account and tenant_id = p_tenant and kind = 'budget'
     for no key update;
  if not found then
    raise exception 'budget % does not exist', p_account using errcode = 'KL007', detail = p_account::text;
  elsif p_capped and a.balance < 0 then
    raise exception 'budget % is overspent', p_account using errcode = 'KL004', detail = a.kind;
  end if;
  update ledger_account set floor = case when p_capped then 0 end where id = p_account and tenant_id = p_tenant;
end $$;

-- Locks accounts in the one lock order and says what they hold, for callers whose legs depend on balances.
create function ledger_lock(p_tenant int, p_accounts bigint[])
returns table (account_id bigint, kind text, currency text, balance bigint)
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  perform ledger_require_tenant(p_tenant);
  return query
    select a.id, a.kind, a.currency, a.balance from ledger_account a
     where a.tenant_id = p_tenant and a.id = any (p_accounts) order by a.is_system, a.id for no key update;
end $$;

-- A reversal must be the exact mirror of the journal it reverses.
create function ledger_require_mirror(p_tenant int, p_reverses bigint, p_debit bigint[], p_credit bigint[], p_amount bigint[])
returns void language plpgsql stable as $$
begin
  if not exists (select from ledger_transfer t where t.journal_id = p_reverses and t.tenant_id = p_tenant)
     or exists ((select u.c, u.d, u.a, count(*) from unnest(p_debit, p_credit, p_amount) as u (d, c, a) group by 1, 2, 3
                 except
                 select t.debit_account_id, t.credit_account_id, t.amount, count(*) from ledger_transfer t
                  where t.journal_id = p_reverses and t.tenant_id = p_tenant group by 1, 2, 3))
     or cardinality(p_amount) <> (select count(*) from ledger_transfer t
                                   where t.journal_id = p_reverses and t.tenant_id = p_tenant) then
    raise exception 'not the mirror of journal %', p_reverses using errcode = 'KL009', detail = p_reverses::text;
  end if;
end $$;

-- Posts one business event: all legs or none, once per key. Call it last in a transaction, because the rows
-- it locks stay locked until commit; several events in one transaction belong into ledger_post_many.
create function ledger_post(p_tenant int, p_key text, p_hash bytea, p_kind text, p_event timestamptz,
  p_debit bigint[], p_credit bigint[], p_amount bigint[], p_currency text[], p_reverses bigint default null,
  p_ref_type text default null, p_ref_id uuid default null, p_meta jsonb default '{}', p_actor text default null)
returns table (journal_id bigint, replay boolean)
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare j bigint; h bytea; n int := cardinality(p_amount);
begin
  perform ledger_require_tenant(p_tenant);
  if n is null or n not between 1 and 1000 or cardinality(p_debit) is distinct from n
     or cardinality(p_credit) is distinct from n or cardinality(p_currency) is distinct from n then
    raise exception 'a journal has 1 to 1000 legs, each with debit, credit, amount and currency' using errcode = 'KL002';
  end if;
  insert into ledger_journal (tenant_id, idempotency_key, request_hash, kind, event_at, reverses_id, ref_type, ref_id,
                              meta, actor, request_id)
  values (p_tenant, p_key, p_hash, p_kind, p_event, p_reverses, p_ref_type, p_ref_id, coalesce(p_meta, '{}'),
          coalesce(p_actor, nullif(current_setting('app.actor', true), ''), 'system'),
          coalesce(current_setting('app.request_id', true), ''))
  on conflict (tenant_id, idempotency_key) do nothing returning id into j;
  if j is null then
    select l.id, l.request_hash into j, h from ledger_journal l
     where l.tenant_id = p_tenant and l.idempotency_key = p_key;
    if h is distinct from p_hash then
      raise exception 'idempotency key % was used for another request', p_key using errcode = 'KL003', detail = p_key;
    end if;
    return query select j, true;
    return;
  end if;
  if p_reverses is not null then
    perform ledger_require_mirror(p_tenant, p_reverses, p_debit, p_credit, p_amount);
  end if;
  -- One lock order for everybody: people's accounts first, the hot shared ones last.
  perform 1 from ledger_account a where a.id = any (p_debit || p_credit) and a.tenant_id = p_tenant
    order by a.is_system, a.id for no key update;
  insert into ledger_transfer (journal_id, tenant_id, currency, debit_account_id, credit_account_id, amount)
  select j, p_tenant, u.cur, u.d, u.c, u.a
    from unnest(p_debit, p_credit, p_amount, p_currency) with ordinality as u (d, c, a, cur, o) order by u.o;
  return query select j, false;
end $$;

-- Posts several business events at once, at most 1000 legs together: keys first, in order of the key, then
-- the accounts of all of them in the one lock order, then the transfers. All or nothing.
-- p_batch: [{"key","hash" (hex),"kind","event","ref_type","ref_id","meta","actor","legs":[[debit,credit,amount,currency],…]},…]
create function ledger_post_many(p_tenant int, p_batch jsonb)
returns table (ordinal int, journal_id bigint, replay boolean)
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare legs int; bad text; fresh bigint[];
begin
  perform ledger_require_tenant(p_tenant);
  select coalesce(sum(jsonb_array_length(b->'legs')), 0), min(b->>'key') filter (where jsonb_array_length(b->'legs') = 0)
    into legs, bad from jsonb_array_elements(p_batch) b;
  if legs not between 1 and 1000 or bad is not null
     or (select count(*) <> count(distinct b->>'key') from jsonb_array_elements(p_batch) b) then
    raise exception 'a batch has 1 to 1000 legs, every journal at least one and its own key' using errcode = 'KL002';
  end if;
  with added as (
    insert into ledger_journal (tenant_id, idempotency_key, request_hash, kind, event_at, ref_type, ref_id, meta, actor, request_id)
    select p_tenant, b->>'key', decode(b->>'hash', 'hex'), b->>'kind', (b->>'event')::timestamptz, b->>'ref_type',
           (b->>'ref_id')::uuid, coalesce(b->'meta', '{}'),
           coalesce(b->>'actor', nullif(current_setting('app.actor', true), ''), 'system'),
           coalesce(current_setting('app.request_id', true), '')
      from jsonb_array_elements(p_batch) b order by b->>'key'
    on conflict (tenant_id, idempotency_key) do nothing returning id)
  select coalesce(array_agg(id), '{}') into fresh from added;
  select b->>'key' into bad from jsonb_array_elements(p_batch) b
    left join ledger_journal l on l.tenant_id = p_tenant and l.idempotency_key = b->>'key'
   where l.request_hash is distinct from decode(b->>'hash', 'hex') limit 1;
  if found then
    raise exception 'idempotency key % was used for another request', bad using errcode = 'KL003', detail = bad;
  end if;
  perform 1 from ledger_account a
   where a.tenant_id = p_tenant and a.id in (
     select side.account::bigint from jsonb_array_elements(p_batch) b, jsonb_array_elements(b->'legs') leg,
       lateral (values (leg->>0), (leg->>1)) as side (account))
   order by a.is_system, a.id for no key update;
  insert into ledger_transfer (journal_id, tenant_id, currency, debit_account_id, credit_account_id, amount)
  select l.id, p_tenant, g.leg->>3, (g.leg->>0)::bigint, (g.leg->>1)::bigint, (g.leg->>2)::bigint
    from jsonb_array_elements(p_batch) with ordinality as e (b, o)
    join ledger_journal l on l.tenant_id = p_tenant and l.idempotency_key = e.b->>'key' and l.id = any (fresh)
    cross join lateral jsonb_array_elements(e.b->'legs') with ordinality as g (leg, n)
   order by e.o, g.n;
  return query
    select e.o::int, l.id, l.id <> all (fresh)
      from jsonb_array_elements(p_batch) with ordinality as e (b, o)
      join ledger_journal l on l.tenant_id = p_tenant and l.idempotency_key = e.b->>'key' order by e.o;
end $$;
