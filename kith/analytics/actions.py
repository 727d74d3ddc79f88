"""The only writes of this feature: adding to roll-ups, each one upsert, so that two at once both count; what a
member has seen; and the trail as a file.
"""

import datetime
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from kith.analytics import queries
from kith.kit import files, jobs, tenancy
from kith.kit.actors import Actor
from kith.kit.errors import Invalid
from kith.kit.ids import uuid7
from kith.kit.models import EventCursor, Job
from kith.kit.tenancy import across_tenants

CLICK_CONSUMER = queries.CLICK_CONSUMER
CLICK_BATCH = 20_000
EXPORT_TRAIL = "analytics.export_trail"
TRAIL_COLUMNS = ("id", "at", "actor", "request_id", "table", "row_id", "op", "diff")
COUNTS = {rollup.table: rollup.counts for rollup in queries.ROLLUPS.values()}


def add_to_day(*, day: datetime.date, program_id: UUID | str, currency: str, **deltas: int) -> None:
    """Add to the figures of one day of one program."""
    _upsert("analytics_dayrollup", {"day": day, "program_id": program_id, "currency": currency}, deltas)


def add_to_participant(*, participant_id: UUID | str, currency: str, **deltas: int) -> None:
    """Add to a participant's totals."""
    _upsert("analytics_participantrollup", {"participant_id": participant_id, "currency": currency}, deltas)


def add_to_participant_month(
    *, participant_id: UUID | str, month: datetime.date, category: str, n: int
) -> None:
    """Count a participant's referrals of a month into or out of a category."""
    _upsert(
        "analytics_participantmonthrollup",
        {"participant_id": participant_id, "month": month.replace(day=1), "category": category},
        {"n": n},
    )


def _upsert(table: str, key: Mapping[str, Any], deltas: Mapping[str, int]) -> None:
    """Insert the row or add to it. Columns left out start at zero."""
    key = {"tenant_id": tenancy.current_tenant_id(), **key}
    zeros = dict.fromkeys(COUNTS[table], 0)
    columns = ["id", *key, *zeros]
    statement = sql.SQL(
        "insert into {table} as roll ({columns}) values ({values}) on conflict ({key}) do update set {adds}"
    ).format(
        table=sql.Identifier(table),
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        values=sql.SQL(", ").join(sql.Placeholder() * len(columns)),
        key=sql.SQL(", ").join(map(sql.Identifier, key)),
        adds=sql.SQL(", ").join(
            sql.SQL("{0} = roll.{0} + excluded.{0}").format(sql.Identifier(name)) for name in deltas
        ),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [uuid7(), *key.values(), *{**zeros, **deltas}.values()])


def count_clicks(*, now: datetime.datetime) -> int:
    """Add the clicks that became visible since last time. Clicks are too many for the outbox, so they are
    read directly, below the same horizon; the cursor moves in the same transaction. Returns how many.
    """
    with across_tenants("one cursor over everybody's clicks"):
        EventCursor.objects.bulk_create(
            [EventCursor(consumer=CLICK_CONSUMER, moved_at=now)], ignore_conflicts=True
        )
        cursor = EventCursor.objects.select_for_update(skip_locked=True).filter(pk=CLICK_CONSUMER).first()
        if cursor is None:
            return 0
        with connection.cursor() as db:
            upto = _click_horizon(db, cursor.upto_txid)
            sums = _sum_clicks(db, cursor.upto_txid, upto)
        for tenant_id, rows in sums.items():
            with tenancy.use(tenant_id):
                _add_clicks(rows)
        cursor.upto_txid, cursor.moved_at = upto, now
        cursor.save()
    return sum(row[4] + row[5] for rows in sums.values() for row in rows)


def _click_horizon(db: Any, since: str) -> str:
    """The visibility horizon, or an earlier transaction when more than a batch is waiting."""
    db.execute(
        "with horizon as (select event_horizon() as txid)"
        " select h.txid::text, (select c.txid::text from referrals_click c"
        " where c.txid >= %s::xid8 and c.txid < h.txid order by c.txid offset %s limit 1) from horizon h",
        [since, CLICK_BATCH],
    )
    horizon, full = db.fetchone()
    if full is None:
        return str(horizon)
    # One huge transaction (an import) must not stall the cursor; it ended, since it is below the horizon.
    return str(full) if full != since else str(int(full) + 1)


def _sum_clicks(db: Any, since: str, upto: str) -> dict[int, list[tuple[Any, ...]]]:
    db.execute(
        "select c.tenant_id, (c.occurred_at at time zone t.timezone)::date, c.program_id, c.referrer_id,"
        " count(*) filter (where c.counted), count(*) filter (where not c.counted),"
        " count(*) filter (where c.is_new_visitor), p.currency"
        " from referrals_click c join tenants_tenant t on t.id = c.tenant_id"
        " join programs_program p on p.tenant_id = c.tenant_id and p.id = c.program_id"
        " where c.txid >= %s::xid8 and c.txid < %s::xid8 group by 1, 2, 3, 4, 8",
        [since, upto],
    )
    found: dict[int, list[tuple[Any, ...]]] = {}
    for row in db.fetchall():
        found.setdefault(row[0], []).append(row)
    return found


def _add_clicks(rows: list[tuple[Any, ...]]) -> None:
    """Add them up first: one statement per day and per participant, however many clicks there were."""
    days: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    people: Counter[tuple[Any, ...]] = Counter()
    for _tenant, day, program_id, referrer_id, clicks, uncounted, visitors, currency in rows:
        days[day, program_id, currency].update(clicks=clicks, bot_clicks=uncounted, visitors=visitors)
        people[referrer_id, currency] += clicks
    # In one order everywhere, so that two processes never wait for each other.
    for (day, program_id, currency), counts in sorted(days.items()):
        add_to_day(day=day, program_id=program_id, currency=currency, **counts)
    for (participant_id, currency), clicks in sorted(people.items()):
        if clicks:
            add_to_participant(participant_id=participant_id, currency=currency, clicks=clicks)


def rebuild() -> int:
    """Write the roll-ups of the tenant in force anew from its events and clicks. Returns how many rows.

    The cursors are held meanwhile, so that nothing is counted twice; the relay comes back for them.
    """
    tenant_id = tenancy.current_tenant_id()
    consumers = [queries.EVENT_CONSUMER, queries.CLICK_CONSUMER]
    list(EventCursor.objects.select_for_update().filter(pk__in=consumers).order_by("pk"))
    written = 0
    with connection.cursor() as db:
        for name, rollup in queries.ROLLUPS.items():
            columns = ", ".join((*rollup.key, *rollup.counts))
            db.execute(f"delete from {rollup.table} where tenant_id = %s", [tenant_id])  # noqa: S608 - constants
            db.execute(
                f"insert into {rollup.table} (id, tenant_id, {columns})"  # noqa: S608 - constants
                f" select gen_random_uuid(), %(tenant)s, made.* from ({queries.recomputed(name)}) made",
                {"tenant": tenant_id},
            )
            written += db.rowcount
    return written


# --- what members have seen, and the trail as a file --------------------------------------------------


def see_news(*, actor: Actor, now: datetime.datetime) -> None:
    """The member has seen everything until now; never less than before."""
    with connection.cursor() as db:
        db.execute(
            "insert into analytics_newsseen as seen (id, tenant_id, member_id, upto) values (%s, %s, %s, %s)"
            " on conflict (tenant_id, member_id) do update set upto = greatest(seen.upto, excluded.upto)",
            [uuid7(), tenancy.current_tenant_id(), actor.id, now],
        )


def request_trail_export(
    *, format: str, params: Mapping[str, str], actor: Actor, now: datetime.datetime
) -> Job:
    """Queue a file of the audit trail, narrowed by `params` as `queries.trail` is, times as ISO text.

    Raises Invalid naming `format`, and TooMany as `jobs.start`.
    """
    if format not in ("csv", "json"):
        raise Invalid(fields={"format": _("Choose CSV or JSON.")})
    return jobs.start(EXPORT_TRAIL, params={"format": format, **params}, actor=actor, now=now)


def export_trail(*, format: Any, **params: str) -> tuple[str, int]:
    """Write the entries into a stored file, newest first: its name and how many. Needs a tenant in force."""
    times = {
        name: datetime.datetime.fromisoformat(params.pop(name))
        for name in ("since", "before")
        if name in params
    }
    rows = queries.trail_rows(**params, **times)
    return files.keep_table(TRAIL_COLUMNS, rows, folder="exports", format=format)
