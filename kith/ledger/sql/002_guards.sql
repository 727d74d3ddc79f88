-- What nobody may do, the owner of the tables included. Privileges already stop the application's role;
-- these triggers stop a migration, a console and a slip of the hand.

create function ledger_immutable() returns trigger language plpgsql as $$
begin
  raise exception 'ledger rows are append-only: % on % refused', tg_op, tg_table_name
    using errcode = 'restrict_violation';
end $$;

-- Lets a statement through only when it comes from one of the functions named in the trigger's argument.
-- The call stack cannot be set by a caller, unlike a session variable.
create function ledger_door() returns trigger language plpgsql as $$
declare stack text;
begin
  get diagnostics stack = pg_context;
  if stack !~ ('(^|\n)[^"\n]*\m(' || tg_argv[0] || ')\(integer,') then
    raise exception '% on % only through %', tg_op, tg_table_name, tg_argv[0]
      using errcode = 'restrict_violation';
  end if;
  return null;
end $$;

-- Balances move only through transfers: an update from outside a trigger may change nothing but the brake
-- and the floor, and these only through their functions.
create function ledger_guard() returns trigger language plpgsql as $$
declare stack text; allowed ledger_account;
begin
  get diagnostics stack = pg_context;
  allowed := old;
  if stack ~ '(^|\n)[^"\n]*\mledger_freeze\(integer,' then allowed.frozen := new.frozen; end if;
  if stack ~ '(^|\n)[^"\n]*\mledger_set_floor\(integer,' then allowed.floor := new.floor; end if;
  if new is distinct from allowed then
    raise exception 'balances move only through transfers' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;

-- Says in words why a leg could not be applied; called only after an update found no row.
create function ledger_refuse(p_account bigint, p_tenant int, p_currency text, p_amount bigint)
returns void language plpgsql as $$
declare a ledger_account;
begin
  select * into a from ledger_account where id = p_account and tenant_id = p_tenant;
  if not found then
    raise exception 'account % does not exist', p_account using errcode = 'KL007', detail = p_account::text;
  elsif a.currency <> p_currency then
    raise exception 'account % is in %, the leg in %', p_account, a.currency, p_currency
      using errcode = 'KL008', detail = a.currency || ' ' || p_currency;
  elsif p_amount < 0 and a.frozen then
    raise exception 'account % (%) is frozen', p_account, a.kind using errcode = 'KL006', detail = a.kind;
  elsif p_amount < 0 then
    raise exception 'account % (%) holds %, less than asked for', p_account, a.kind, a.balance
      using errcode = 'KL004', detail = a.kind;
  end if;
  raise exception 'account % (%) would rise above %', p_account, a.kind, a.ceiling
    using errcode = 'KL005', detail = a.kind;
end $$;

-- Applies one transfer to its two accounts, which ledger_post has locked, and notes what they became.
create function ledger_apply() returns trigger language plpgsql as $$
begin
  update ledger_account a set balance = a.balance - new.amount, seq = a.seq + 1
   where a.id = new.debit_account_id and a.tenant_id = new.tenant_id and a.currency = new.currency
     and not a.frozen and (a.floor is null or a.balance - new.amount >= a.floor)
   returning a.balance, a.seq into new.debit_balance, new.debit_seq;
  if not found then
    perform ledger_refuse(new.debit_account_id, new.tenant_id, new.currency, -new.amount);
  end if;
  update ledger_account a set balance = a.balance + new.amount, seq = a.seq + 1
   where a.id = new.credit_account_id and a.tenant_id = new.tenant_id and a.currency = new.currency
     and (a.ceiling is null or a.balance + new.amount <= a.ceiling)
   returning a.balance, a.seq into new.credit_balance, new.credit_seq;
  if not found then
    perform ledger_refuse(new.credit_account_id, new.tenant_id, new.currency, new.amount);
  end if;
  return new;
end $$;

create trigger ledger_account_door before insert on ledger_account
  for each statement execute function ledger_door('ledger_open');
create trigger ledger_journal_door before insert on ledger_journal
  for each statement execute function ledger_door('ledger_post|ledger_post_many');
create trigger ledger_transfer_door before insert on ledger_transfer
  for each statement execute function ledger_door('ledger_post|ledger_post_many');

create trigger ledger_account_guard before update on ledger_account
  for each row when (pg_trigger_depth() = 0) execute function ledger_guard();
create trigger ledger_transfer_apply before insert on ledger_transfer
  for each row execute function ledger_apply();

create trigger ledger_account_kept before delete on ledger_account
  for each row execute function ledger_immutable();
create trigger ledger_journal_kept before update or delete on ledger_journal
  for each row execute function ledger_immutable();
create trigger ledger_transfer_kept before update or delete on ledger_transfer
  for each row execute function ledger_immutable();
create trigger ledger_account_whole before truncate on ledger_account
  for each statement execute function ledger_immutable();
create trigger ledger_journal_whole before truncate on ledger_journal
  for each statement execute function ledger_immutable();
create trigger ledger_transfer_whole before truncate on ledger_transfer
  for each statement execute function ledger_immutable();
