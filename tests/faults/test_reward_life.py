"""Random lives of rewards: people, referrals, bookings, approvals, refunds, payouts, and crashes in between.

After each step every invariant of `reward_life` holds; a step that is refused or dies before its commit leaves
each row as it was; a step that is repeated changes nothing.
"""

import datetime
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from kith import subscriptions
from kith.kit import clock, errors, outbox, tenancy
from kith.kit.actors import Actor
from kith.kit.money import Money
from kith.ledger.models import Journal
from kith.participants import actions as people
from kith.participants.models import Participant
from kith.payouts import actions as payouts
from kith.payouts.models import PayoutBatch, Withdrawal
from kith.payouts.tests.factories import IBANS
from kith.pipelines.models import Category
from kith.programs.models import Program
from kith.referrals import actions as referrals
from kith.referrals.models import Conversion, Referral
from kith.rewards import actions as rewards
from kith.rewards.models import Reward
from tests.faults import reward_life, worlds
from tests.faults.companies import START, company

ALL_CHECKS = list(HealthCheck)
ANY = st.integers(min_value=0, max_value=1_000)
CRASH = st.sampled_from([False, False, False, True])
AMOUNTS = st.sampled_from([1, 2_500, 49_999, 50_000, 123_457])
PROGRAMS = st.sampled_from(["friends-travel", "capped"])


class Crash(Exception):
    """The process died before its transaction was committed."""


class Life(RuleBasedStateMachine):
    """One travel organization with an unlimited program, and a capped one of EUR 90 with three rules."""

    make: Callable[[], tuple[Any, list[Actor]]]

    @initialize()
    def open(self) -> None:
        self.now = START
        with clock.frozen(self.now):
            self.tenant, (self.actor, self.checker) = type(self).make()
        self.journals: dict[int, Any] = {}
        self.people = 0
        for number, iban in enumerate(IBANS[:3]):
            self.person(crash=False)
            self.name_account(number, iban, crash=False)

    def act(self, step: Callable[[], Any], *, crash: bool = False) -> Any:
        """Run one step in a transaction of its own, perhaps after having died in it; None when refused."""
        before = worlds.rows_of(self.tenant)
        with clock.frozen(self.now):
            if crash:
                with suppress(Crash, errors.DomainError), self.inside():
                    step()
                    raise Crash
                assert worlds.rows_of(self.tenant) == before
            try:
                with self.inside():
                    return step()
            except errors.DomainError:
                assert worlds.rows_of(self.tenant) == before
                return None

    def twice(self, step: Callable[[], Any], *, crash: bool) -> Any:
        """The same request again, as a client repeats it that never read the answer: nothing more happens."""
        done = self.act(step, crash=crash)
        if done is not None:
            after = worlds.rows_of(self.tenant)
            assert self.act(step) is not None
            assert worlds.rows_of(self.tenant) == after
        return done

    def inside(self) -> Any:
        return tenancy.use(self.tenant.id, actor=self.actor)

    def one(self, model: Any, number: int, **wanted: Any) -> Any:
        """The `number`th row there is, counting round; None without any."""
        with self.inside():
            rows = list(model.objects.filter(**wanted).order_by("created_at", "id"))
        return rows[number % len(rows)] if rows else None

    @rule(crash=CRASH)
    def person(self, crash):
        self.people += 1
        address = f"p{self.people}-{self.tenant.id}@example.com"
        self.act(
            lambda: people.create_participant(name="Dana", email=address, actor=self.actor, now=self.now),
            crash=crash,
        )

    @rule(number=ANY, friend=st.integers(0, 30), code=PROGRAMS, minor=st.none() | AMOUNTS, crash=CRASH)
    def refer(self, number, friend, code, minor, crash):
        """With the amount of the booking where the friend names it, as the travel company's form does."""
        referrer = self.one(Participant, number)
        with self.inside():
            program = Program.objects.get(code=code)
        self.act(
            lambda: referrals.create_referral(
                code=referrer.code, email=f"friend{friend}@example.com", name="Friend", program=program,
                booking_reference=f"BK{friend}-{code}", amount=None if minor is None else Money(minor, "EUR"),
                source="api", actor=self.actor, now=self.now,
            ),
            crash=crash,
        )  # fmt: skip

    @rule(first=ANY, paid=st.booleans(), crash=CRASH)
    def payday(self, first, paid, crash):
        """A good month: three friends book, all is approved, matures and goes to the bank, which may pay."""
        for friend in range(first % 28, first % 28 + 3):
            self.refer(first + friend, friend, "capped", 50_000, crash=False)
        self.tell(crash)
        self.judge(list(range(8)), True, crash)
        self.tell(crash=False)
        self.wait(15, crash)
        self.make_batch("sepa", crash)
        for step in ("approve", "send", "pay") if paid else ("approve", "send"):
            self.handle_batch(-1, step, crash)

    @rule(number=ANY, booking=st.integers(0, 9), minor=AMOUNTS, crash=CRASH)
    def book(self, number, booking, minor, crash):
        referral = self.one(Referral, number)
        if referral:
            self.twice(
                lambda: referrals.record_conversion(
                    referral=referral, event="booking", external_id=f"B{booking}", amount=Money(minor, "EUR"),
                    occurred_at=self.now, source="api", actor=self.actor, now=self.now,
                ),
                crash=crash,
            )  # fmt: skip

    @rule(number=ANY, part=st.sampled_from([1, 500, 73_457, 999_999]), key=st.integers(0, 30), crash=CRASH)
    def refund(self, number, part, key, crash):
        booking = self.one_booking(number)
        if booking:
            self.twice(
                lambda: referrals.refund_conversion(
                    conversion=booking, amount=Money(part, "EUR"), external_id=f"R{key}", reason="Room closed",
                    actor=self.actor, now=self.now,
                ),
                crash=crash,
            )  # fmt: skip

    @rule(number=ANY, crash=CRASH)
    def unbook(self, number, crash):
        booking = self.one_booking(number)
        if booking:
            self.twice(
                lambda: referrals.cancel_conversion(
                    conversion=booking, external_id=f"C{booking.pk}", reason="Trip off", actor=self.actor, now=self.now
                ),
                crash=crash,
            )  # fmt: skip

    def one_booking(self, number: int) -> Any:
        with self.inside():
            rows = list(Conversion.objects.order_by("received_at", "id"))
        return rows[number % len(rows)] if rows else None

    @rule(number=ANY, category=st.sampled_from(Category.values), crash=CRASH)
    def move(self, number, category, crash):
        referral = self.one(Referral, number)
        if referral:
            self.act(
                lambda: referrals.move_referral(
                    referral=Referral.objects.get(pk=referral.pk), to_category=category, reason="Because",
                    actor=self.actor, now=self.now,
                ),
                crash=crash,
            )  # fmt: skip

    @rule(numbers=st.lists(ANY, min_size=1, max_size=4), approve=st.booleans(), crash=CRASH)
    def judge(self, numbers, approve, crash):
        rows = [self.one(Referral, number) for number in numbers]
        ids = [row.pk for row in rows if row]
        more = {"actor": self.actor, "now": self.now}
        self.act(
            lambda: (
                rewards.approve_referrals(referral_ids=ids, **more)
                if approve
                else rewards.reject_referrals(referral_ids=ids, reason="No booking", **more)
            ),
            crash=crash,
        )

    @rule(numbers=st.lists(ANY, min_size=1, max_size=3), crash=CRASH)
    def think_again(self, numbers, crash):
        """Undo what was decided, approvals as well as rejections."""
        decided = self.in_categories("completed", "rejected")
        ids = [decided[number % len(decided)] for number in numbers] if decided else []
        self.act(
            lambda: rewards.undo_decisions(referral_ids=ids, actor=self.actor, now=self.now), crash=crash
        )

    def in_categories(self, *categories: str) -> list[Any]:
        with self.inside():
            rows = Referral.objects.filter(category__in=categories).order_by("created_at", "id")
            return list(rows.values_list("pk", flat=True))

    @rule(number=ANY, what=st.sampled_from(["approve", "reject", "hold", "release", "cancel"]), crash=CRASH)
    def handle_reward(self, number, what, crash):
        reward = self.one(Reward, number)
        if reward:
            more = {"reward": reward, "actor": self.actor, "now": self.now}
            steps = {
                "approve": lambda: rewards.approve_reward(**more),
                "reject": lambda: rewards.reject_reward(reason="Doubtful", **more),
                "hold": lambda: rewards.put_on_hold(reason="Looking closer", **more),
                "release": lambda: rewards.release(**more),
                "cancel": lambda: rewards.cancel_reward(reason="Mistake", **more),
            }
            self.act(steps[what], crash=crash)

    @rule(number=ANY, minor=st.sampled_from([1, 700, 2_500]), key=st.integers(0, 20), crash=CRASH)
    def take_back(self, number, minor, key, crash):
        reward = self.one(Reward, number)
        if reward:
            self.twice(
                lambda: rewards.claw_back(
                    reward=reward, amount=Money(minor, "EUR"), reason="Trip was off", key=f"hand:{key}",
                    actor=self.actor, now=self.now,
                ),
                crash=crash,
            )  # fmt: skip

    @rule(days=st.sampled_from([0, 1, 13, 14, 15, 40]), crash=CRASH)
    def wait(self, days, crash):
        self.now += datetime.timedelta(days=days, hours=1)
        self.twice(lambda: rewards.mature_due(now=self.now), crash=crash)

    @rule(crash=CRASH)
    def tell(self, crash):
        """The relay, which may die with a batch half handled."""
        before = worlds.rows_of(self.tenant)
        with clock.frozen(self.now):
            if crash:
                with transaction.atomic():
                    outbox.deliver(subscriptions.SUBSCRIPTIONS)
                    transaction.set_rollback(True)
                assert worlds.rows_of(self.tenant) == before
            outbox.drain(subscriptions.SUBSCRIPTIONS)
        after = worlds.rows_of(self.tenant)
        outbox.drain(subscriptions.SUBSCRIPTIONS)
        assert worlds.rows_of(self.tenant) == after

    @rule(number=ANY, iban=st.sampled_from(IBANS), crash=CRASH)
    def name_account(self, number, iban, crash):
        person = self.one(Participant, number)
        self.twice(
            lambda: payouts.save_payout_account(
                participant=person, holder="Dana", iban=iban, actor=self.actor, now=self.now
            ),
            crash=crash,
        )

    @rule(format=st.sampled_from(["sepa", "csv"]), crash=CRASH)
    def make_batch(self, format, crash):
        self.act(lambda: payouts.make_batch(format=format, actor=self.actor, now=self.now), crash=crash)

    @rule(number=ANY, what=st.sampled_from(["approve", "send", "pay", "cancel"]), crash=CRASH)
    def handle_batch(self, number, what, crash):
        batch = self.one(PayoutBatch, number)
        if batch:
            more = {"batch": batch, "actor": self.checker, "now": self.now}
            steps = {
                "approve": lambda: payouts.approve_batch(**more),
                "send": lambda: payouts.send_batch(**more),
                "pay": lambda: payouts.mark_paid(**more),
                "cancel": lambda: payouts.cancel_batch(**more),
            }
            self.act(steps[what], crash=crash)

    @rule(number=ANY, what=st.sampled_from(["paid", "failed", "returned"]), crash=CRASH)
    def hear_from_the_bank(self, number, what, crash):
        with self.inside():
            rows = list(Withdrawal.objects.order_by("requested_at", "id"))
        if rows:
            row, more = rows[number % len(rows)], {"actor": self.checker, "now": self.now}
            steps = {
                "paid": lambda: payouts.mark_paid(withdrawal_ids=[row.pk], **more),
                "failed": lambda: payouts.mark_failed(withdrawal=row, reason="Closed", **more),
                "returned": lambda: payouts.mark_returned(withdrawal=row, reason="Closed", **more),
            }
            self.twice(steps[what], crash=crash)

    @precondition(lambda self: hasattr(self, "tenant"))
    @invariant()
    def everything_holds(self):
        with self.inside():
            for holds in reward_life.EVERYTHING:
                holds()
            self.nothing_posted_has_changed()

    def nothing_posted_has_changed(self) -> None:
        """L5: what was once in the journal is there, and the same."""
        rows = {row["id"]: row for row in Journal.objects.values()}
        for journal_id, row in self.journals.items():
            assert rows[journal_id] == row
        self.journals = rows

    def teardown(self) -> None:
        """However it went, in the end every booking that stands has been decided about."""
        if not hasattr(self, "tenant"):
            return
        with clock.frozen(self.now):
            outbox.drain(subscriptions.SUBSCRIPTIONS)
        self.everything_holds()
        with self.inside():
            standing = set(
                Conversion.objects.filter(refunded_minor__lt=F("gross_minor"))
                .exclude(referral__category__in=["rejected", "expired", "cancelled"])
                .values_list("id", flat=True)
            )
            decided = set(
                reward_life.Decision.objects.filter(cause_kind="conversion").values_list(
                    "cause_id", flat=True
                )
            )
            assert standing <= decided


def _live(examples: int, steps: int) -> None:
    outbox.drain(subscriptions.SUBSCRIPTIONS)
    Life.make = staticmethod(company)
    run_state_machine_as_test(
        Life,
        settings=settings(max_examples=examples, stateful_step_count=steps, suppress_health_check=ALL_CHECKS),
    )


def test_no_life_of_a_reward_breaks_an_invariant(transactional_db: None) -> None:
    """Pass: 8 lives of up to 30 steps."""
    _live(8, 30)


@pytest.mark.faults
def test_no_long_life_of_a_reward_breaks_an_invariant(transactional_db: None) -> None:
    """Pass: 10 lives of up to 50 steps."""
    _live(10, 50)
    print("10 lives of up to 50 steps: every invariant held after each")


def test_an_approval_that_is_undone_and_given_again_breaks_no_invariant(transactional_db: None) -> None:
    outbox.drain(subscriptions.SUBSCRIPTIONS)
    Life.make = staticmethod(company)
    life = Life()
    life.open()
    life.refer(0, 1, "capped", 50_000, crash=False)
    life.tell(crash=False)
    for approve in (True, False, True):
        life.judge([0], approve, crash=False)
        life.everything_holds()
        assert life.in_categories("completed" if approve else "rejected")
        life.think_again([0], crash=True)
        assert not life.in_categories("completed", "rejected")
        with life.inside():
            # Of a rule that approves by itself the reward came with the approval, and ended with it.
            asked = Reward.objects.filter(cause_kind="conversion").values_list("status", flat=True)
            assert set(asked) == {"pending_approval"}
        life.everything_holds()
    life.judge([0], True, crash=False)
    life.wait(15, crash=False)
    life.think_again([0], crash=False)
    assert life.in_categories("completed"), "what has matured is not undone"
    life.teardown()
