"""The roll-ups computed anew from events and clicks, independently of the handlers that count them one by one."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection

from kith.kit import tenancy

EVENT_CONSUMER, CLICK_CONSUMER = "analytics", "analytics-clicks"


@dataclass(frozen=True, slots=True)
class RollUpTable:
    """One roll-up: the columns of its key beside the tenant, and what it counts."""

    table: str
    key: tuple[str, ...]
    counts: tuple[str, ...]


ROLLUPS: Mapping[str, RollUpTable] = {
    "day": RollUpTable(
        "analytics_dayrollup", ("day", "program_id", "currency"),
        ("clicks", "bot_clicks", "visitors", "referrals", "conversions", "completed", "rejected", "revenue_minor",
         "estimated_minor", "refund_minor", "rewards", "reward_minor", "reversed_minor", "paid_minor"),
    ),
    "month": RollUpTable("analytics_participantmonthrollup", ("participant_id", "month", "category"), ("n",)),
    "participant": RollUpTable(
        "analytics_participantrollup", ("participant_id", "currency"),
        ("clicks", "referrals", "completed", "earned_minor", "paid_minor"),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure that is not what the facts say."""

    table: str
    key: str
    figure: str
    stored: int
    recomputed: int

    @property
    def sentence(self) -> str:
        """Where it is and both values."""
        return f"{self.table} [{self.key}] {self.figure}: stored {self.stored}, recomputed {self.recomputed}"


# Exactly the events that the consumer has digested: up to its cursor, less those it keeps for another try.
# The cursor moves in the transaction that counts, so one statement sees both or neither.
_CONSUMED = f"""
    event as (
      select e.type, e.data d, (e.occurred_at at time zone t.timezone)::date today, t.timezone, p.currency own_currency,
             (e.data ->> 'program_id')::uuid program, (e.data ->> 'amount_minor')::bigint amount,
             coalesce(e.data ->> 'referrer_id', e.data ->> 'beneficiary_id', e.data ->> 'participant_id')::uuid person,
             case when e.type in ('reward.granted', 'payout.paid') then 1 else -1 end sign
        from kit_outboxevent e
        join tenants_tenant t on t.id = e.tenant_id
        join kit_eventcursor c on c.consumer = '{EVENT_CONSUMER}'
        left join programs_program p on p.tenant_id = e.tenant_id and p.id = (e.data ->> 'program_id')::uuid
       where e.tenant_id = %(tenant)s and (e.txid, e.position) <= (c.upto_txid::xid8, c.upto_position)
         and not exists (select from kit_eventfailure f
                          where f.consumer = c.consumer and f.position = e.position)),
    move as (
      select *, d ->> 'from_category' was, d ->> 'to_category' now_is, (d ->> 'created_on')::date made_on,
             (d ->> 'to_category' = 'completed')::int - (d ->> 'from_category' = 'completed')::int completed
        from event where type = 'referral.moved' and d ->> 'from_category' <> d ->> 'to_category'),
    click as (
      select (k.occurred_at at time zone t.timezone)::date today, k.program_id program, k.referrer_id person,
             p.currency, count(*) filter (where k.counted) clicks, count(*) filter (where not k.counted) bot_clicks,
             count(*) filter (where k.is_new_visitor) visitors
        from referrals_click k
        join tenants_tenant t on t.id = k.tenant_id
        join programs_program p on p.tenant_id = k.tenant_id and p.id = k.program_id
        join kit_eventcursor c on c.consumer = '{CLICK_CONSUMER}'
       where k.tenant_id = %(tenant)s and k.txid < c.upto_txid::xid8
       group by 1, 2, 3, 4)
"""  # noqa: S608 - constants of this file

_NO_PROGRAM = "'00000000-0000-0000-0000-000000000000'::uuid"

# roll-up, day or month, program, participant, category, currency, figure, by how much.
_FACTS = f"""
    fact (rollup, day, program_id, participant_id, category, currency, figure, n) as (
      select 'day', today, program, null::uuid, null, currency, figure, n from click, lateral
        (values ('clicks', clicks), ('bot_clicks', bot_clicks), ('visitors', visitors)) v (figure, n)
      union all select 'participant', null, null, person, null, currency, 'clicks', clicks from click
      union all select 'day', today, program, null, null, own_currency, 'referrals', 1
        from event where type = 'referral.created'
      union all select 'participant', null, null, person, null, own_currency, 'referrals', 1
        from event where type = 'referral.created'
      union all select 'month', date_trunc('month', today)::date, null, person, d ->> 'category', null, 'n', 1
        from event where type = 'referral.created'
      union all select 'month', date_trunc('month', made_on)::date, null, person, category, null, 'n', n
        from move, lateral (values (was, -1), (now_is, 1)) v (category, n)
      union all select 'day', today, program, null, null, own_currency, figure, n from move, lateral
        (values ('completed', completed), ('rejected', (now_is = 'rejected')::int)) v (figure, n)
      union all select 'participant', null, null, person, null, own_currency, 'completed', completed from move
      union all select 'day', ((d ->> 'occurred_at')::timestamptz at time zone timezone)::date, program, null, null,
             d ->> 'currency', figure, n from event, lateral
        (values ('conversions', 1), ('revenue_minor', (d ->> 'gross_minor')::bigint),
                ('estimated_minor', case when (d ->> 'is_estimated')::boolean then (d ->> 'gross_minor')::bigint end))
                v (figure, n) where type = 'conversion.recorded'
      union all select 'day', today, program, null, null, own_currency, 'refund_minor', amount
        from event where type = 'conversion.refunded'
      union all select 'day', today, program, null, null, d ->> 'currency', figure, n from event, lateral
        (values ('rewards', 1), ('reward_minor', amount)) v (figure, n) where type = 'reward.granted'
      union all select 'day', today, program, null, null, d ->> 'currency', 'reversed_minor', amount
        from event where type in ('reward.rejected', 'reward.cancelled', 'reward.clawed_back')
      union all select 'participant', null, null, person, null, d ->> 'currency', 'earned_minor', sign * amount
        from event where type in ('reward.granted', 'reward.rejected', 'reward.cancelled', 'reward.clawed_back')
      union all select 'day', today, {_NO_PROGRAM}, null, null, d ->> 'currency', 'paid_minor', sign * amount
        from event where type in ('payout.paid', 'payout.returned')
      union all select 'participant', null, null, person, null, d ->> 'currency', 'paid_minor', sign * amount
        from event where type in ('payout.paid', 'payout.returned'))
"""  # noqa: S608 - constants of this file


def recomputed(rollup: str) -> str:
    """A statement that answers a roll-up's rows, key and counts in the order of `ROLLUPS`, from the facts.

    It takes the parameter `tenant`; the tenant must be in force.
    """
    wanted = ROLLUPS[rollup]
    key = ", ".join("day as month" if name == "month" else name for name in wanted.key)
    counts = ", ".join(
        f"coalesce(sum(n) filter (where figure = '{name}'), 0)::bigint as {name}" for name in wanted.counts
    )
    grouped = ", ".join(str(place) for place in range(1, len(wanted.key) + 1))
    return (
        f"with {_CONSUMED}, {_FACTS} select {key}, {counts} from fact"  # noqa: S608 - constants of this file
        f" where rollup = '{rollup}' group by {grouped}"
    )


def check() -> list[Difference]:
    """Every figure of the tenant in force that is not what its facts say; empty when all are.

    Each roll-up is one statement and so one moment: what is underway on either side is not seen.
    """
    return [difference for rollup in ROLLUPS for difference in _check(rollup)]


def _check(rollup: str) -> list[Difference]:
    wanted = ROLLUPS[rollup]
    key = ", ".join(wanted.key)
    pairs = ", ".join(f"('{name}', s.{name}, r.{name})" for name in wanted.counts)
    statement = (
        f"select concat_ws(' ', {key}), figure, coalesce(was, 0), coalesce(should, 0)"  # noqa: S608 - constants
        f" from (select * from {wanted.table} where tenant_id = %(tenant)s) s"
        f" full join ({recomputed(rollup)}) r using ({key}), lateral (values {pairs}) v (figure, was, should)"
        f" where coalesce(was, 0) <> coalesce(should, 0) order by 1, 2"
    )
    with connection.cursor() as db:
        db.execute(statement, {"tenant": tenancy.current_tenant_id()})
        return [Difference(wanted.table, *row) for row in db.fetchall()]
