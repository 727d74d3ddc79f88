"""The audit trail in words: who changed what, from which value to which, and how far the trail is sealed."""

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from uuid import UUID

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from kith.analytics.queries.terms import FIELDS, HIDDEN, TABLES, UNTOLD, VERBS
from kith.audit import queries as audit
from kith.audit.models import AuditEntry
from kith.kit.money import Money
from kith.kit.pagination import Page
from kith.kit.templatetags.kit import money, when
from kith.participants.models import Participant
from kith.payouts.models import Withdrawal
from kith.pipelines.models import Stage
from kith.pipelines.queries import stage_label
from kith.programs.models import Program
from kith.referrals.models import Referral
from kith.rewards.models import Reward
from kith.tenants.queries import actor_names

EMPTY: tuple[Any, ...] = (None, "", [], {})
LONGEST = 5_000

# Columns that point at something with a name, and tables whose rows have one.
POINTERS: Mapping[str, str] = {
    "program_id": "program", "stage_id": "stage", "participant_id": "participant", "referrer_id": "participant",
    "beneficiary_id": "participant", "referred_participant_id": "participant", "referred_by_id": "participant",
    "referral_id": "referral",
}  # fmt: skip
OWN: Mapping[str, str] = {
    "participants_participant": "participant", "programs_program": "program", "referrals_referral": "referral",
    "rewards_reward": "reward", "payouts_withdrawal": "withdrawal",
}  # fmt: skip


MOMENTS = ("_at", "_from", "_to", "_until", "upto")
STATES = frozenset({"status", "category", "kind", "state", "method", "cause_kind"})
LINKED = frozenset({"participant", "referral"})
OWNERS = ("participant_id", "beneficiary_id", "referral_id", "program_id")


@dataclass(frozen=True, slots=True)
class Change:
    """One field of an entry; `old` is empty where something was made, `new` where it was deleted."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the trail; `target` and `id` lead to the record where it has a page."""

    id: int
    at: datetime.datetime
    actor: str
    by: str
    verb: str
    what: str
    op: str
    name: str
    target: str
    table: str
    row_id: str
    request_id: str
    changes: list[Change] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TrailHead:
    """How far the trail is sealed: the last block, its hash, and whether that hash is still right."""

    number: int
    sealed_at: datetime.datetime
    hash: str
    is_intact: bool


def trail(*, cursor: str | None = None, limit: int = 50, **wanted: Any) -> Page[Entry]:
    """Entries in words, newest first; narrowed as `audit.entries`. The same few statements for any number."""
    found = audit.entry_page(audit.entries(**wanted), cursor=cursor, limit=limit)
    return found.showing(_told(found.items))


def bundled(entries: Iterable[Entry]) -> list[list[Entry]]:
    """Entries in their order, those together that one person did to rows of one kind in one go."""

    def go(each: Entry) -> tuple[Any, ...]:
        return each.actor, each.op, each.table, each.request_id, each.at.replace(second=0, microsecond=0)

    return [list(bundle) for _same, bundle in groupby(entries, go)]


def trail_rows(**wanted: Any) -> Iterator[dict[str, Any]]:
    """The same as rows of a file, all of them, with the values as they were written."""
    for row in audit.every(audit.entries(**wanted)):
        yield {
            "id": row.id, "at": row.at, "actor": row.actor, "request_id": row.request_id, "table": row.table_name,
            "row_id": row.row_id, "op": row.op, "diff": row.diff,
        }  # fmt: skip


def trail_people() -> list[tuple[str, str]]:
    """(actor, name) of everybody who ever changed something, by name."""
    actors = audit.known("actor")
    names = _who(actors)
    return sorted(((actor, names[actor]) for actor in actors), key=lambda pair: pair[1].lower())


def trail_tables() -> list[tuple[str, str]]:
    """(table, words) of everything that was ever changed, by its words."""
    found = [(table, _noun(table)) for table in audit.known("table_name")]
    return sorted(found, key=lambda pair: pair[1].lower())


def trail_head() -> TrailHead | None:
    """The end of the chain, its last seal computed anew; None before anything was sealed."""
    block = audit.head()
    if block is None:
        return None
    return TrailHead(block.number, block.sealed_at, bytes(block.hash).hex(), audit.is_intact(block))


# --- in words -----------------------------------------------------------------------------------------


def _told(rows: Iterable[AuditEntry]) -> list[Entry]:
    told = list(rows)
    names, actors = _names(told), _who(row.actor for row in told)
    return [_entry(row, actors[row.actor], names) for row in told]


def _who(actors: Iterable[str]) -> dict[str, str]:
    """Names as everywhere; the owner of the tables is a new version that brings them up to date."""
    return {**actor_names(actors), "owner": str(_("An update of Kith"))}


def _entry(row: AuditEntry, by: str, names: Mapping[str, str]) -> Entry:
    about = OWN.get(row.table_name, "")
    # A row with no name of its own is shown by what it belongs to.
    known = (names.get(value, "") for value in (row.row_id, *(_one(row, column) for column in OWNERS)))
    name = next(filter(None, known), "")
    return Entry(
        id=row.id, at=row.at, actor=row.actor, by=by, verb=str(VERBS[row.op]), what=_noun(row.table_name), op=row.op,
        name=name, target=about if row.op != "D" and about in LINKED else "", table=row.table_name, row_id=row.row_id,
        request_id=row.request_id, changes=list(_changes(row, names)),
    )  # fmt: skip


def _one(row: AuditEntry, column: str) -> str:
    """The value of a column in an entry that has whole rows."""
    value = row.diff.get(column) if row.op != "U" else None
    return value if isinstance(value, str) else ""


def _noun(table: str) -> str:
    return str(TABLES.get(table) or table.partition("_")[2].replace("_", " "))


def _changes(row: AuditEntry, names: Mapping[str, str]) -> Iterator[Change]:
    currency = row.diff.get("currency") if row.op != "U" else ""
    for column, value in sorted(row.diff.items()):
        # The category is the stage's own and changes with it.
        follows = column == "category" and "stage_id" in row.diff
        if column in UNTOLD or follows or (row.op != "U" and value in EMPTY):
            continue
        old, new = value if row.op == "U" else ((None, value) if row.op == "I" else (value, None))
        shown = [_shown(column, each, names, str(currency or "")) for each in (old, new)]
        yield Change(_field(column), *shown)


def _field(column: str) -> str:
    return str(FIELDS.get(column) or column.replace("_", " "))


def _shown(column: str, value: Any, names: Mapping[str, str], currency: str) -> str:
    if value in EMPTY:
        return ""
    if isinstance(value, str) and value.startswith(("digest:", "secret:")):
        return str(HIDDEN)
    if column.endswith("_minor") and isinstance(value, int) and currency:
        return money(Money(value, currency))
    if column.endswith(MOMENTS) and isinstance(value, str):
        return _moment(value)
    text = names.get(str(value), "") or _said(value)
    if column in STATES:
        text = str(_(text.replace("_", " ")))  # the names of states are in the catalog for other pages
    elif column.endswith("reason"):
        text = str(_(text))  # what Kith wrote itself is in the catalog; what people wrote stays as it is
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _said(value: Any, depth: int = 0) -> str:
    """A value as words: of what is nested each name with its value, in brackets from the second level on."""
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, dict):
        parts = [
            f"{_field(name)}: {_said(each, depth + 1)}" for name, each in value.items() if each not in EMPTY
        ]
    elif isinstance(value, list):
        parts = [_said(each, depth + 1) for each in value]
    else:
        return str(value)
    return f"({', '.join(parts)})" if depth else ", ".join(parts)


def _moment(written: str) -> str:
    try:
        return when(datetime.datetime.fromisoformat(written))
    except ValueError:
        return written


def _names(rows: Iterable[AuditEntry]) -> dict[str, str]:
    """What the rows and the ids in them are called, one statement for each kind."""
    wanted: dict[str, set[UUID]] = {kind: set() for kind in (*OWN.values(), "stage")}
    for row in rows:
        _want(wanted, OWN.get(row.table_name, ""), row.row_id)
        for column, value in row.diff.items():
            for each in value if isinstance(value, list) else [value]:
                _want(wanted, POINTERS.get(column, ""), each)
    locale = get_language() or "en"
    people = Participant.objects.filter(id__in=wanted["participant"]).values_list("id", "name")
    programs = Program.objects.filter(id__in=wanted["program"]).values_list("id", "name")
    referrals = Referral.objects.filter(id__in=wanted["referral"]).values_list("id", "referred_name")
    rewards = Reward.objects.filter(id__in=wanted["reward"]).values_list("id", "beneficiary__name")
    payouts = Withdrawal.objects.filter(id__in=wanted["withdrawal"]).values_list("id", "participant__name")
    stages = [(row.id, stage_label(row, locale)) for row in Stage.objects.filter(id__in=wanted["stage"])]
    found = (people, programs, referrals, rewards, payouts, stages)
    return {str(row_id): name for rows_found in found for row_id, name in rows_found if name}


def _want(wanted: dict[str, set[UUID]], kind: str, value: Any) -> None:
    if kind and isinstance(value, str):
        try:
            wanted[kind].add(UUID(value))
        except ValueError:
            return
