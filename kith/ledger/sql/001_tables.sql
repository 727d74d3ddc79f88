-- The ledger: transfers between accounts. One row of ledger_transfer takes one positive amount from one
-- account and gives it to another, so zero-sum, positivity, one currency and one tenant are constraints.
-- The tables' fences (row-level security) are in the migration.

create table ledger_currency (
  id bigint generated always as identity primary key,
  tenant_id int references tenants_tenant (id),
  code text not null,
  exponent smallint not null,
  kind text not null,
  name text not null,
  constraint ledger_currency_code unique nulls not distinct (tenant_id, code),
  constraint ledger_currency_id_code unique (id, code),
  constraint ledger_currency_shape check (case kind
    when 'fiat' then tenant_id is null and code ~ '^[A-Z]{3}$' and exponent between 0 and 8
    when 'points' then tenant_id is not null and code ~ '^PTS(_[A-Z0-9]{1,12})?$' and exponent = 0
    else false end)
);

create table ledger_account (
  id bigint generated always as identity primary key,
  tenant_id int not null references tenants_tenant (id),
  currency text not null,
  currency_id bigint not null,
  kind text not null,
  owner_id uuid,
  balance bigint not null default 0,
  floor bigint,
  ceiling bigint,
  seq bigint not null default 0,
  is_system boolean not null,
  frozen boolean not null default false,
  created_at timestamptz not null default now(),
  constraint ledger_account_place unique nulls not distinct (tenant_id, kind, owner_id, currency),
  constraint ledger_account_identity unique (id, tenant_id, currency),
  constraint ledger_account_tenant_id_key unique (tenant_id, id),
  constraint ledger_account_currency foreign key (currency_id, currency) references ledger_currency (id, code),
  constraint ledger_account_floor check (floor is null or balance >= floor),
  constraint ledger_account_ceiling check (ceiling is null or balance <= ceiling),
  -- The chart of accounts; kith/ledger/rules.py says the same and a test compares the two.
  constraint ledger_account_chart check (case
    when kind in ('pending', 'available', 'reserved', 'paid')
      then owner_id is not null and not is_system and floor is not distinct from 0 and ceiling is null
    when kind = 'debt'
      then owner_id is not null and not is_system and floor is null and ceiling is not distinct from 0
    when kind = 'budget'
      then owner_id is not null and is_system and coalesce(floor, 0) = 0 and ceiling is null
    when kind in ('funding', 'fees', 'fx', 'writeoff', 'expired')
      then owner_id is null and is_system and floor is null and ceiling is null
    else false end)
) with (fillfactor = 80);   -- room for HOT updates: balance and seq change with every transfer, no index holds them
create index ledger_account_owner on ledger_account (tenant_id, owner_id) where owner_id is not null;

create table ledger_journal (
  id bigint generated always as identity primary key,
  tenant_id int not null references tenants_tenant (id),
  idempotency_key text not null,
  request_hash bytea not null,
  kind text not null,
  reverses_id bigint,
  ref_type text,
  ref_id uuid,
  event_at timestamptz not null,
  created_at timestamptz not null default now(),
  actor text not null,
  request_id text not null,
  meta jsonb not null default '{}',
  txid xid8 not null default pg_current_xact_id(),
  constraint ledger_journal_key unique (tenant_id, idempotency_key),
  constraint ledger_journal_tenant_id_key unique (tenant_id, id),
  constraint ledger_journal_reversed_once unique (reverses_id),
  constraint ledger_journal_reverses foreign key (tenant_id, reverses_id) references ledger_journal (tenant_id, id),
  constraint ledger_journal_shape check (kind ~ '^[a-z][a-z_.]{0,39}$'
    and length(idempotency_key) between 1 and 200 and octet_length(request_hash) = 32
    and (reverses_id is null or reverses_id < id))
);
create index ledger_journal_ref on ledger_journal (tenant_id, ref_id) where ref_id is not null;

create table ledger_transfer (
  id bigint generated always as identity primary key,
  journal_id bigint not null,
  tenant_id int not null references tenants_tenant (id),
  currency text not null,
  debit_account_id bigint not null,
  credit_account_id bigint not null,
  amount bigint not null,
  debit_seq bigint not null,
  debit_balance bigint not null,
  credit_seq bigint not null,
  credit_balance bigint not null,
  constraint ledger_transfer_amount check (amount > 0),
  constraint ledger_transfer_two_accounts check (debit_account_id <> credit_account_id),
  constraint ledger_transfer_debit_entry unique (debit_account_id, debit_seq),
  constraint ledger_transfer_credit_entry unique (credit_account_id, credit_seq),
  constraint ledger_transfer_journal foreign key (tenant_id, journal_id) references ledger_journal (tenant_id, id),
  constraint ledger_transfer_debit foreign key (debit_account_id, tenant_id, currency)
    references ledger_account (id, tenant_id, currency),
  constraint ledger_transfer_credit foreign key (credit_account_id, tenant_id, currency)
    references ledger_account (id, tenant_id, currency)
);
create index ledger_transfer_of_journal on ledger_transfer (journal_id);

-- What one account saw: each transfer is one entry on either side. The caller's row security applies.
create view ledger_entry with (security_invoker = true) as
  select t.id as transfer_id, t.journal_id, t.tenant_id, t.currency, t.debit_account_id as account_id,
         t.debit_seq as seq, -t.amount as amount, t.debit_balance as balance, t.credit_account_id as other_account_id
    from ledger_transfer t
  union all
  select t.id, t.journal_id, t.tenant_id, t.currency, t.credit_account_id,
         t.credit_seq, t.amount, t.credit_balance, t.debit_account_id
    from ledger_transfer t;

comment on view ledger_entry is 'writes:none';
comment on table ledger_currency is 'writes:none';
