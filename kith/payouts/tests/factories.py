"""People with money to pay out: rows of the lower features and the postings behind them."""

import datetime
import itertools
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import transaction

from kith.kit.actors import SYSTEM, Actor
from kith.kit.ids import uuid7
from kith.kit.models import OutboxEvent
from kith.kit.money import Money
from kith.ledger import actions as ledger
from kith.ledger import queries as books
from kith.ledger import rules as legs
from kith.participants.actions import create_participant
from kith.participants.models import Participant
from kith.payouts import actions
from kith.payouts.models import PayoutBatch, Withdrawal, WithdrawalLine
from kith.pipelines.models import Pipeline
from kith.pipelines.queries import history
from kith.programs.models import Program, Rule, RuleVersion
from kith.rewards import actions as rewards
from kith.rewards.models import Decision, Reward
from kith.tenants.actions import set_setting

AT = datetime.datetime(2026, 5, 1, 12, tzinfo=datetime.UTC)
IBANS = (
    "NL91ABNA0417164300", "DE89370400440532013000", "FR1420041010050500013M02606", "BE68539007547034",
    "ES9121000418450200051332", "IE29AIBK93115212345678", "AT611904300234573201",
)  # fmt: skip
DEBTOR = "NL20INGB0001234567"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Books:
    """A program whose budget pays rewards, in the tenant in force."""

    program: Program
    version: RuleVersion
    budget: int
    currency: str


def open_books(currency: str = "EUR") -> Books:
    number = next(_numbers)
    pipeline = Pipeline.objects.create(code=f"p{number}", name="Path", subject="referral", created_at=AT)
    program = Program.objects.create(
        code=f"p{number}", name="Friends", pipeline=pipeline, currency=currency, status="live", created_at=AT
    )
    rule = Rule.objects.create(program=program, code="flat", name="Flat", created_at=AT)
    version = RuleVersion.objects.create(rule=rule, version=1, spec={}, spec_hash=b"x", created_at=AT)
    funding = ledger.open_account(kind="funding", currency=currency)
    budget = ledger.open_account(kind="budget", owner_id=program.pk, currency=currency)
    _post("fund", legs.legs_fund(funding, budget, Money(10_000_000, currency)))
    return Books(program, version, budget, currency)


def make_person(name: str = "Dana Jansen", **values: Any) -> Participant:
    email = f"p{next(_numbers)}@example.com"
    return create_participant(name=name, email=email, actor=SYSTEM, now=AT, **values)


def make_reward(opened: Books, person: Participant, minor: int = 2500) -> Reward:
    """An available reward, accrued and matured in the ledger."""
    cause = uuid7()
    decision = Decision.objects.create(
        program=opened.program,
        cause_kind="test",
        cause_id=cause,
        ruleset_hash=b"x",
        facts={},
        trace={},
        decided_at=AT,
    )
    reward: Reward = Reward.objects.create(
        decision=decision, program=opened.program, rule_version=opened.version, rule_code="flat", beneficiary=person,
        cause_kind="test", cause_id=cause, amount_minor=minor, currency=opened.currency, status="available",
        approved_at=AT, available_at=AT, created_at=AT,
    )  # fmt: skip
    amount = Money(minor, opened.currency)
    own = ledger.open_participant(owner_id=person.pk, currency=opened.currency)
    _post("accrue", legs.legs_accrue(opened.budget, own.pending, amount), ref_type="reward", ref_id=reward.pk)
    due = ledger.Due(str(uuid7()), own, amount, ref_type="reward", ref_id=reward.pk)
    ledger.mature(dues=[due], event_at=AT, actor=SYSTEM)
    return reward


def take_back(reward: Reward, minor: int) -> None:
    """Claw back part of a reward, or all of it."""
    rewards.claw_back(
        reward=reward, amount=Money(minor, reward.currency), reason="The trip was refunded", key=str(uuid7()),
        actor=SYSTEM, now=AT,
    )  # fmt: skip


def give_account(person: Participant, iban: str = IBANS[0], holder: str = "") -> Any:
    return actions.save_payout_account(
        participant=person, holder=holder or person.name, iban=iban, actor=SYSTEM, now=AT
    )


def set_debtor(owner: Actor, **more: str) -> None:
    """The organization's paying account, and other payout settings by their last word."""
    values = {"debtor_name": "Acme Reizen B.V.", "debtor_iban": DEBTOR, **more}
    for word, value in values.items():
        set_setting(key=f"payouts.{word}", value=value, actor=owner, now=AT)


def held(person: Participant, currency: str = "EUR") -> dict[str, int]:
    """What the person's accounts hold, without the empty ones."""
    lines = books.balances(person.pk, currency=currency)
    return {line.kind: line.money.amount_minor for line in lines if line.money}


def parsed(content: bytes) -> ElementTree.Element:
    """The bank file as a tree."""
    return ElementTree.fromstring(content)  # noqa: S314 - our own output


def _post(kind: str, moved: list[legs.Leg], **more: Any) -> None:
    ledger.post(key=str(uuid7()), kind=kind, legs=moved, event_at=AT, actor=SYSTEM, **more)


def the_withdrawal(batch) -> Withdrawal:
    return Withdrawal.objects.get(batch=batch)


def states(model, **wanted) -> list[str]:
    return list(model.objects.filter(**wanted).order_by("id").values_list("status", flat=True))


def steps(machine: str, subject_id) -> list[str]:
    return [entry.to_state for entry in history(machine, subject_id)]


def everything(person) -> tuple:
    """All that a refused step must leave as it was."""
    return (
        held(person),
        list(PayoutBatch.objects.order_by("id").values()),
        list(Withdrawal.objects.order_by("id").values()),
        list(WithdrawalLine.objects.order_by("id").values()),
        states(Reward),
        OutboxEvent.objects.count(),
    )


def refused(person, error, step, *args, **kwargs):
    before = everything(person)
    with pytest.raises(error) as refusal, transaction.atomic():
        step(*args, **kwargs)
    assert everything(person) == before
    return refusal.value


# --- the payout account
