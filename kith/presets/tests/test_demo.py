"""The demonstration: complete, sound, and the same figures wherever they are looked up."""

import datetime
import json
import random
from collections import Counter
from dataclasses import replace
from typing import Any

import phonenumbers
import pytest
from django.db.models import Sum
from schwifty import IBAN

from kith.analytics.models import DayRollUp
from kith.commands import _credentials
from kith.kit import tenancy
from kith.ledger import queries as books
from kith.participants.models import Participant
from kith.payouts.models import PayoutBatch, Withdrawal
from kith.pipelines.models import StatusEntry
from kith.pipelines.rules import CATEGORIES, is_path
from kith.presets import demo
from kith.presets.demo import people, plan
from kith.referrals.models import Click, Conversion, Referral
from kith.rewards.models import Reward
from kith.tenants.models import Role, Tenant, User

NOW = datetime.datetime(2026, 11, 20, 15, 0, tzinfo=datetime.UTC)
START = NOW - demo.MONTHS

SMALL = replace(
    demo.COMPANIES[0], slug="small-travel", customers=120, referrers=40,
    shape=replace(demo.COMPANIES[0].shape, referrals=110, clicks=900, waiting=9),
)  # fmt: skip


# ---- the plan


def make(seed: int = 1) -> plan.Plan:
    shape = demo.COMPANIES[0].shape
    return plan.make_plan(random.Random(seed), shape, start=START, end=NOW, referrers=50)


def test_the_same_dice_make_the_same_plan() -> None:
    assert make() == make()
    assert make() != make(2)


def test_nothing_in_the_plan_lies_outside_its_time() -> None:
    made = make()
    assert all(START <= step.at < NOW for step in made.steps)
    assert all(START - datetime.timedelta(days=1) <= click.at < NOW for click in made.clicks)
    assert list(made.steps) == sorted(made.steps, key=lambda step: (step.at, step.referral))


def test_a_life_begins_with_the_referral_and_has_one_decision() -> None:
    lives: dict[int, list[str]] = {}
    for step in make().steps:
        lives.setdefault(step.referral, []).append(step.kind)
    assert len(lives) == demo.COMPANIES[0].shape.referrals
    for kinds in lives.values():
        assert kinds[0] == "refer"
        assert sum(kind in ("approve", "reject", "expire") for kind in kinds) <= 1


def test_the_last_days_leave_work_for_staff() -> None:
    made, shape = make(), demo.COMPANIES[0].shape
    decided = {step.referral for step in made.steps if step.kind in ("approve", "reject", "expire", "cancel")}
    booked = {step.referral for step in made.steps if step.kind == "book"}
    booked |= {referral.number for referral in made.referrals if referral.booked_at_once}
    assert shape.waiting / 2 <= len(booked - decided) <= 2 * shape.waiting


def test_an_account_number_is_well_formed_and_of_no_bank() -> None:
    dice = random.Random(3)
    for _ in range(50):
        number = IBAN(people.iban(dice))
        number.validate(validate_bban=True)
        assert number.bank_code == "DEMO"


def test_people_differ_and_have_addresses_nobody_owns() -> None:
    crowd = people.people(random.Random(4), mailbox="example.nl")
    found = [next(crowd) for _ in range(3_000)]
    assert len({person.email for person in found}) == 3_000
    assert all(person.email.isascii() and person.email.endswith("@example.nl") for person in found)
    for person in found:
        assert not person.phone or phonenumbers.is_valid_number(phonenumbers.parse(person.phone))


# ---- the past


@pytest.fixture(scope="session")
def small(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A small demonstration organization, made once for the tests below, which only look at it."""
    from django.test import override_settings

    with django_db_blocker.unblock(), override_settings(DATA_DIR=tmp_path_factory.mktemp("demo")):
        rows = demo.load(SMALL, now=NOW)
        yield Tenant.objects.get(slug=SMALL.slug), rows


@pytest.fixture
def past(small: Any, transactional_db: None) -> Any:
    """The tenant in force."""
    with tenancy.use(small[0].id):
        yield small[0]


def test_it_has_everything_a_visitor_looks_for(past: Tenant) -> None:
    assert Participant.objects.count() == SMALL.customers
    assert Referral.objects.count() == SMALL.shape.referrals
    assert Click.objects.count() > 0.9 * SMALL.shape.clicks
    assert Referral.objects.filter(category__in=("qualified", "converted")).count() >= SMALL.shape.waiting / 2
    assert set(Referral.objects.values_list("category", flat=True)) <= set(CATEGORIES)
    assert {"qualified", "completed", "rejected"} <= set(Referral.objects.values_list("category", flat=True))
    statuses = Counter(Reward.objects.values_list("status", flat=True))
    assert {"pending_approval", "approved", "settled"} <= set(statuses)
    assert {True, False} == set(Conversion.objects.values_list("is_estimated", flat=True))
    batches = list(PayoutBatch.objects.order_by("number").values_list("status", flat=True))
    assert batches == ["done", "done", "draft"]
    assert Withdrawal.objects.filter(status="returned").count() == 1


def test_it_happened_over_eighteen_months(past: Tenant) -> None:
    months = {at.strftime("%Y-%m") for at in Referral.objects.values_list("created_at", flat=True)}
    assert len(months) >= 17
    assert past.created_at < NOW - datetime.timedelta(days=540)
    for model, column in (
        (Referral, "created_at"), (Reward, "created_at"), (StatusEntry, "at"), (Click, "occurred_at"),
    ):  # fmt: skip
        moments = list(model.objects.values_list(column, flat=True))
        assert START - datetime.timedelta(days=1) < min(moments) <= max(moments) <= NOW


def test_its_books_are_sound_and_its_histories_are_paths(past: Tenant) -> None:
    assert books.check() == []
    histories: dict[Any, list[str]] = {}
    for entry in StatusEntry.objects.filter(machine="referral").order_by("at", "id"):
        histories.setdefault(entry.subject_id, []).append(entry.to_category)
    assert len(histories) == SMALL.shape.referrals
    assert all(is_path(history) for history in histories.values())


def test_its_figures_are_those_of_its_facts(past: Tenant) -> None:
    totals = DayRollUp.objects.aggregate(
        Sum("referrals"), Sum("clicks"), Sum("bot_clicks"), Sum("conversions"), Sum("rewards"), Sum("completed"),
        Sum("paid_minor"),
    )  # fmt: skip
    assert totals["referrals__sum"] == Referral.objects.count()
    assert totals["clicks__sum"] + totals["bot_clicks__sum"] == Click.objects.count()
    assert totals["conversions__sum"] == Conversion.objects.count()
    assert totals["rewards__sum"] == Reward.objects.count()
    assert totals["completed__sum"] == Referral.objects.filter(category="completed").count()
    paid = Withdrawal.objects.filter(status="paid").aggregate(Sum("amount_minor"))["amount_minor__sum"]
    assert totals["paid_minor__sum"] == paid


def test_one_member_of_each_role_signs_in_with_what_was_written_down(past: Tenant, small: Any) -> None:
    tenant, rows = small
    assert {row["role"] for row in rows} == set(Role.values)
    for row in rows:
        user = User.objects.get(username=row["username"], email=row["email"])
        assert user.check_password(row["password"])
        assert row["tenant"] == tenant.slug
    assert len({row["password"] for row in rows}) == len(rows)


# ---- loading once


@pytest.mark.django_db(transaction=True)
def test_an_installation_with_an_organization_is_left_alone(
    committed: Any, settings: Any, tmp_path: Any
) -> None:
    settings.DATA_DIR = tmp_path
    committed("present")
    before = Tenant.objects.count()
    assert demo.load_once() is False
    assert Tenant.objects.count() == before
    assert not demo.credentials_path().exists()


@pytest.mark.django_db(transaction=True)
def test_an_interrupted_load_is_taken_up_where_it_stopped(
    committed: Any, settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA_DIR = tmp_path
    first = committed("interrupted")
    missing = replace(demo.COMPANIES[1], slug="still-missing")
    monkeypatch.setattr(demo, "COMPANIES", (replace(demo.COMPANIES[0], slug=first.slug), missing))
    loaded: list[str] = []
    monkeypatch.setattr(demo, "load", lambda company, now: loaded.append(company.slug))
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "unfinished").touch()
    assert demo.load_once() is True
    assert loaded == ["still-missing"]
    assert demo.load_once() is False


def test_the_sign_ins_are_kept_where_the_command_line_reads_them(
    settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA_DIR = tmp_path
    first, second = (
        [dict.fromkeys(("tenant", "role", "username", "email", "password", "url"), name)] for name in "xy"
    )
    for rows in (first, second, second):
        demo._keep(rows)
    assert demo.credentials_path().stat().st_mode & 0o777 == 0o600
    assert json.loads(demo.credentials_path().read_text()) == [*first, *second]
    assert demo.credentials_path().name == _credentials.path().name
