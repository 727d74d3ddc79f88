"""Whether rewards and withdrawals agree with the ledger, counted from the rows themselves."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from kith.kit import tenancy
from kith.rewards import rules as reward_rules

MONEY_FAULTS = {
    "reward_money": "a reward's money is not where its status says",
    "person_money": "a person does not hold what was earned and kept",
    "withdrawal_steps": "a withdrawal's postings are not those of its status",
    "withdrawal_money": "a person's money on its way is not that of the withdrawals",
}
"""What `money_offences` looks for, in words."""

# In one word each: what is pending, what the person keeps, what left the budget.
_REWARD_MONEY = """
    select 'reward_money', coalesce(r.id, m.ref_id), format(
             '%%s: pending %%s, kept %%s, out of the budget %%s; by its status %%s, %%s, %%s',
             coalesce(r.status, 'no reward'), coalesce(pending, 0), coalesce(kept, 0), coalesce(-budget, 0),
             coalesce(should_pend, 0), coalesce(should_keep, 0), coalesce(should_pend + should_keep, 0))
      from (select *, case when status = any(%(held)s) then amount_minor else 0 end should_pend,
                   case when status = any(%(matured)s) then amount_minor - clawed_back_minor else 0 end should_keep
              from rewards_reward where tenant_id = %(tenant)s) r
      full join (select j.ref_id, sum(e.amount) filter (where a.kind = 'pending') pending,
                        sum(e.amount) filter (where a.kind in ('available', 'debt')) kept,
                        sum(e.amount) filter (where a.kind = 'budget') budget
                   from ledger_journal j join ledger_entry e on e.journal_id = j.id
                   join ledger_account a on a.id = e.account_id
                  where j.ref_type = 'reward' and j.tenant_id = %(tenant)s group by 1) m on m.ref_id = r.id
     where (coalesce(pending, 0), coalesce(kept, 0), coalesce(-budget, 0))
           <> (coalesce(should_pend, 0), coalesce(should_keep, 0), coalesce(should_pend + should_keep, 0))
"""
_PERSON_MONEY = """
    select 'person_money', coalesce(e.person, h.person),
           format('holds %%s, earned and kept %%s %%s', coalesce(holds, 0), coalesce(kept, 0),
                  coalesce(e.currency, h.currency))
      from (select beneficiary_id person, currency, sum(amount_minor - clawed_back_minor) kept from rewards_reward
             where tenant_id = %(tenant)s and status = any(%(matured)s) group by 1, 2) e
      full join (select owner_id person, currency, sum(balance) holds from ledger_account
                  where tenant_id = %(tenant)s and kind in ('available', 'reserved', 'paid', 'debt') group by 1, 2) h
           on (h.person, h.currency) = (e.person, e.currency)
     where coalesce(holds, 0) <> coalesce(kept, 0)
"""
_WITHDRAWAL_STEPS = """
    select 'withdrawal_steps', coalesce(w.id, p.id),
           format('%%s after the postings %%s', coalesce(w.status, 'no withdrawal'), coalesce(p.steps, '(none)'))
      from (select id, status, case status when 'paid' then 'paid request' when 'returned' then 'paid request returned'
                     when 'failed' then 'release request' when 'cancelled' then 'release request'
                     when 'rejected' then 'release request' else 'request' end should
              from payouts_withdrawal where tenant_id = %(tenant)s) w
      full join (select split_part(idempotency_key, ':', 2)::uuid id,
                        string_agg(split_part(idempotency_key, ':', 3), ' '
                                   order by split_part(idempotency_key, ':', 3) collate "C") steps
                   from ledger_journal where tenant_id = %(tenant)s and idempotency_key like 'withdrawal:%%'
                  group by 1) p
           on p.id = w.id
     where w.should is distinct from p.steps
"""
_WITHDRAWAL_MONEY = """
    select 'withdrawal_money', coalesce(w.person, h.person),
           format('%%s in %%s, %%s in withdrawals', coalesce(holds, 0), coalesce(w.kind, h.kind), coalesce(away, 0))
      from (select participant_id person, currency, case status when 'paid' then 'paid' else 'reserved' end kind,
                   sum(amount_minor) away from payouts_withdrawal
             where tenant_id = %(tenant)s and status in ('requested', 'approved', 'processing', 'paid')
             group by 1, 2, 3) w
      full join (select owner_id person, currency, kind, balance holds from ledger_account
                  where tenant_id = %(tenant)s and kind in ('reserved', 'paid')) h
           on (h.person, h.currency, h.kind) = (w.person, w.currency, w.kind)
     where coalesce(holds, 0) <> coalesce(away, 0)
"""


@dataclass(frozen=True, slots=True)
class MoneyOffence:
    """One reward, person or withdrawal whose money is not where it says."""

    fault: str
    subject_id: UUID
    detail: str

    @property
    def sentence(self) -> str:
        """The finding in words, with whom or what it concerns."""
        return f"{MONEY_FAULTS[self.fault]} ({self.subject_id}): {self.detail}"


def money_offences() -> list[MoneyOffence]:
    """Where rewards and withdrawals of the tenant in force disagree with the ledger; empty when all is well."""
    values: dict[str, Any] = {
        "tenant": tenancy.current_tenant_id(), "held": list(reward_rules.HELD), "matured": list(reward_rules.MATURED),
    }  # fmt: skip
    found = []
    with connection.cursor() as db:
        for statement in (_REWARD_MONEY, _PERSON_MONEY, _WITHDRAWAL_STEPS, _WITHDRAWAL_MONEY):
            db.execute(statement, values)
            found += [MoneyOffence(*row) for row in db.fetchall()]
    return found
