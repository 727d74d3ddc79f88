-- Clicks: one row per request of a link, partitioned by month so that retention is a dropped table.
create table referrals_click (
  id uuid not null, tenant_id integer not null references tenants_tenant (id),
  program_id uuid not null, campaign_id uuid, link_id uuid, referrer_id uuid not null,
  occurred_at timestamptz not null, visitor bytea, channel text not null default '',
  is_bot boolean not null default false, counted boolean not null default true, is_new_visitor boolean not null default false,
  txid xid8 not null default pg_current_xact_id(),
  primary key (id, occurred_at)
) partition by range (occurred_at);
create index referrals_click_visitor on referrals_click (tenant_id, visitor, occurred_at desc) where counted;
create index referrals_click_referrer on referrals_click (tenant_id, referrer_id, occurred_at desc);
create index referrals_click_horizon on referrals_click (txid);

-- What falls outside the prepared months is kept, not refused.
create table referrals_click_default partition of referrals_click default;

-- Make the partition of a month if it is missing and nothing of it lies in the default one yet.
create function click_partition(month date) returns boolean language plpgsql security definer set search_path = public, pg_temp as $$
declare
  first date := date_trunc('month', month)::date;
  name text := 'referrals_click_' || to_char(first, 'YYYYMM');
begin
  if to_regclass(name) is not null then return false; end if;
  perform 1 from referrals_click_default where occurred_at >= first and occurred_at < first + interval '1 month' limit 1;
  if found then return false; end if;
  execute format('create table %I partition of referrals_click for values from (%L) to (%L)', name,
                 first::timestamp at time zone 'UTC', (first + interval '1 month')::timestamp at time zone 'UTC');
  return true;
end $$;

select click_partition((date_trunc('month', now()) + n * interval '1 month')::date) from generate_series(-24, 3) n;
