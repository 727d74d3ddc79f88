-- As 004, with faults of single rows that its sums would tell only indirectly, or not at all once a constraint
-- is gone: somebody with all rights may drop those first.
-- Every row this returns is an offence; an empty answer means the ledger is sound. It sees what the caller
-- may see: the tenant in force, or everything for the system's role.
create or replace function ledger_check()
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
  union all
  select 'replay', a.tenant_id, a.currency, a.id, null,
         format('its transfers add up to %s, the account says %s', coalesce(sum(e.amount), 0), a.balance)
    from ledger_account a left join entry e on e.account_id = a.id
   group by a.id, a.tenant_id, a.currency, a.balance having a.balance <> coalesce(sum(e.amount), 0)
  union all
  -- An account or a journal of another tenant is not to be seen from here, and so is none at all.
  select 'foreign_transfer', t.tenant_id, t.currency, coalesce(d.id, c.id), t.journal_id,
         format('transfer %s in %s leads from account %s to %s', t.id, t.currency, t.debit_account_id, t.credit_account_id)
    from ledger_transfer t
    left join ledger_account d on d.id = t.debit_account_id and d.tenant_id = t.tenant_id and d.currency = t.currency
    left join ledger_account c on c.id = t.credit_account_id and c.tenant_id = t.tenant_id and c.currency = t.currency
   where d.id is null or c.id is null
  union all
  select 'orphan_transfer', t.tenant_id, t.currency, null, t.journal_id, format('transfer %s belongs to no journal', t.id)
    from ledger_transfer t
   where not exists (select from ledger_journal j where j.id = t.journal_id and j.tenant_id = t.tenant_id)
  union all
  select 'bad_amount', t.tenant_id, t.currency, t.debit_account_id, t.journal_id,
         format('transfer %s moves %s to account %s', t.id, t.amount, t.credit_account_id)
    from ledger_transfer t where t.amount <= 0 or t.debit_account_id = t.credit_account_id
  union all
  select 'key_twice', j.tenant_id, null, null, max(j.id), format('%s journals have the key %s', count(*), j.idempotency_key)
    from ledger_journal j group by j.tenant_id, j.idempotency_key having count(*) > 1
  union all
  select 'reversed_twice', j.tenant_id, null, null, j.reverses_id, format('journals %s reverse it', string_agg(j.id::text, ', '))
    from ledger_journal j where j.reverses_id is not null group by j.tenant_id, j.reverses_id having count(*) > 1
  union all
  select 'not_a_mirror', j.tenant_id, null, null, j.id, format('it does not undo journal %s', j.reverses_id)
    from ledger_journal j where j.reverses_id is not null and exists (
      select from (
        select t.debit_account_id d, t.credit_account_id c, t.amount, 1 n from ledger_transfer t where t.journal_id = j.id
        union all
        select t.credit_account_id, t.debit_account_id, t.amount, -1 from ledger_transfer t where t.journal_id = j.reverses_id) leg
       group by d, c, amount having sum(n) <> 0)
$$;
