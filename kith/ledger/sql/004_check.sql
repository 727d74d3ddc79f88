-- Every row this returns is an offence; an empty answer means the ledger is sound. It sees what the caller
-- may see: the tenant in force, or everything for the system's role.
create function ledger_check()
returns table (fault text, tenant_id int, currency text, account_id bigint, journal_id bigint, detail text)
language sql stable set search_path = pg_catalog, public, pg_temp as $$
  with entry as (
    select e.*, lag(e.seq, 1, 0::bigint) over w as last_seq, lag(e.balance, 1, 0::bigint) over w as last_balance,
           lead(e.seq) over w is null as is_tip
      from ledger_entry e window w as (partition by e.account_id order by e.seq))
  select 'running_balance', e.tenant_id, e.currency, e.account_id, e.journal_id,
         format('entry %s: %s %s %s is not %s', e.seq, e.last_balance, case when e.amount < 0 then '-' else '+' end,
                abs(e.amount), e.balance)
    from entry e where e.balance <> e.last_balance + e.amount
  union all
  select 'sequence_gap', e.tenant_id, e.currency, e.account_id, e.journal_id,
         format('entry %s follows entry %s', e.seq, e.last_seq)
    from entry e where e.seq <> e.last_seq + 1
  union all
  select 'account_tip', a.tenant_id, a.currency, a.id, null,
         format('the account says %s after %s entries, its last entry %s after %s', a.balance, a.seq,
                coalesce(e.balance, 0), coalesce(e.seq, 0))
    from ledger_account a left join entry e on e.account_id = a.id and e.is_tip
   where a.balance <> coalesce(e.balance, 0) or a.seq <> coalesce(e.seq, 0)
  union all
  select 'below_floor', a.tenant_id, a.currency, a.id, null, format('%s is below %s', a.balance, a.floor)
    from ledger_account a where a.balance < a.floor
  union all
  select 'above_ceiling', a.tenant_id, a.currency, a.id, null, format('%s is above %s', a.balance, a.ceiling)
    from ledger_account a where a.balance > a.ceiling
  union all
  select 'not_zero_sum', a.tenant_id, a.currency, null, null, format('the balances add up to %s', sum(a.balance))
    from ledger_account a group by a.tenant_id, a.currency having sum(a.balance) <> 0
  union all
  select 'empty_journal', j.tenant_id, null, null, j.id, format('%s moves nothing', j.kind)
    from ledger_journal j where not exists (select from ledger_transfer t where t.journal_id = j.id)
$$;
