"""Recording clicks: the hottest path, one statement in autocommit, durable before the answer."""

import datetime
import hmac
import secrets
import threading
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection

from kith.kit import codes, crypto
from kith.kit.days import month_of
from kith.kit.ids import uuid7
from kith.kit.postgresql.base import was_cut
from kith.referrals import rules
from kith.referrals.models import DailySalt

_DAY = datetime.timedelta(days=1)
MONTHS_AHEAD = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """Where a code leads. `click_id` is None where the program does not run, so nothing was recorded."""

    tenant_id: int
    participant_id: UUID
    program_id: UUID | None
    click_id: UUID | None
    destination_url: str
    utm: list[tuple[str, str]]


def record_click(
    *, code: str, address: str, user_agent: str, is_visit: bool, channel: str = "", now: datetime.datetime
) -> Answer | None:
    """Record one request of a link, whatever tenant it belongs to; None for an unknown code.

    Bots, fetches ahead of a visit and a visitor's repeats within an hour are recorded, not counted. When
    this returns outside a transaction, the click is on disk.
    """
    wanted = codes.normalize(code)
    if not codes.is_well_formed(wanted, vanity=True):
        return None
    today, yesterday = _salts(now.date())
    visitor = rules.visitor(salt=today, address=address, user_agent=user_agent)
    before = rules.visitor(salt=yesterday, address=address, user_agent=user_agent)
    arguments = [wanted, now, visitor, before, rules.is_bot(user_agent), is_visit, channel]
    row = _ask(arguments)
    if row is None:
        return None
    utm = list(zip(rules.UTM_FIELDS, row[5] or (), strict=False))
    return Answer(row[0], row[1], row[2], row[3], row[4], utm)


_RECORD = "select * from record_click(%s, %s, %s, %s, %s, %s, %s, %s)"


def _ask(arguments: list[Any]) -> tuple | None:
    """One statement on the request's connection, without the extra round trip that asks whether it still lives.

    A connection that was cut meanwhile is replaced once, but nobody waits twice for a database that is silent.
    Should the first attempt have been stored after all, the second is a visitor's repeat and not counted.
    """
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        return _run(_RECORD, [uuid7(), *arguments])
    except (OperationalError, InterfaceError) as error:
        if connection.in_atomic_block or not was_cut(error):
            raise
        connection.close()
        return _run(_RECORD, [uuid7(), *arguments])


def _run(sql: str, arguments: list[Any]) -> tuple | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments)
        row: tuple | None = cursor.fetchone()
        return row


# --- salts --------------------------------------------------------------------------------------------

_known_salts: dict[datetime.date, bytes] = {}
_lock = threading.Lock()


def _salts(today: datetime.date) -> tuple[bytes, bytes]:
    """The keys of today's and yesterday's visitor hashes; this process forgets older ones."""
    wanted = (today, today - _DAY)
    if any(day not in _known_salts for day in wanted):
        found = {day: _known_salts.get(day) or _salt(day) for day in wanted}
        with _lock:
            _known_salts.clear()
            _known_salts.update(found)
        return found[today], found[today - _DAY]
    return _known_salts[today], _known_salts[today - _DAY]


def _salt(day: datetime.date) -> bytes:
    """The day's random salt, made by whoever needs it first, mixed with a key that is not in the database."""
    DailySalt.objects.bulk_create([DailySalt(day=day, salt=secrets.token_bytes(32))], ignore_conflicts=True)
    stored = DailySalt.objects.get(day=day).salt
    return hmac.digest(crypto.keyring().pepper("visitor", tenant_id=0), bytes(stored), "sha256")


def forget_salts(*, now: datetime.datetime) -> int:
    """Destroy the salts of days that ended more than 24 hours ago; how many. Their visitors are strangers now."""
    removed, _by_model = DailySalt.objects.filter(day__lt=(now - rules.SALT_LIFETIME + _DAY).date()).delete()
    return removed


# --- partitions ---------------------------------------------------------------------------------------


def prepare_partitions(*, now: datetime.datetime) -> int:
    """Make the tables of this month's and the next three months' clicks; how many were missing."""
    month, made = month_of(now.date()), 0
    for _ahead in range(MONTHS_AHEAD + 1):
        made += bool((_run("select click_partition(%s)", [month]) or (False,))[0])
        month = month_of(month + datetime.timedelta(days=32))
    return made
