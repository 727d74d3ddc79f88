"""What a posting promises: once per key, all or nothing, never past a floor, ceiling, tenant or currency."""

import pytest
from django.db import Error, connection, transaction

from kith.kit import tenancy
from kith.kit.actors import SYSTEM, Actor
from kith.kit.currencies import CURRENCIES
from kith.kit.ids import uuid7
from kith.kit.money import AmountInvalid, Money
from kith.kit.tenancy import NoTenant
from kith.ledger import actions, queries, rules
from kith.ledger.models import Account, Journal
from kith.ledger.rules import Leg
from kith.ledger.tests.factories import AT, open_books

pytestmark = pytest.mark.django_db


def refused(outcome, call):
    """The call is refused with this outcome, and nothing at all has changed."""
    before = (queries.trial_balance(), Journal.objects.count())
    with pytest.raises(outcome) as caught, transaction.atomic():
        call()
    assert (queries.trial_balance(), Journal.objects.count()) == before
    return caught.value


def test_the_story_of_a_reward_moves_money_as_the_chart_says(in_acme):
    books = open_books(funded=10_000)
    books.accrue(2_500)
    assert books.held() | {"budget": 7_500, "pending": 2_500} == books.held()
    books.mature(2_500)
    books.request(2_000)
    books.post(
        "withdraw.paid",
        rules.legs_withdraw_paid(books.person.reserved, books.person.paid, books.money(2_000)),
    )
    assert books.held() == {
        "budget": 7_500, "pending": 0, "available": 500, "reserved": 0, "paid": 2_000, "debt": 0,
    }  # fmt: skip
    books.claw_back(2_500)
    assert books.held() | {"budget": 10_000, "available": 0, "debt": -2_000} == books.held()
    books.accrue(3_000)
    books.mature(3_000)
    assert books.held() | {"pending": 0, "debt": 0, "available": 1_000} == books.held()
    assert queries.check() == []


def test_the_same_request_again_is_a_replay_and_moves_nothing(in_acme):
    books = open_books(funded=100)
    first = books.accrue(40, key="k", ref_type="reward", ref_id=books.person_id)
    held = books.held()
    again = books.accrue(40, key="k", ref_type="reward", ref_id=books.person_id)
    assert (first.replay, again.replay, again.journal_id) == (False, True, first.journal_id)
    assert books.held() == held


def test_a_later_time_and_other_remarks_are_still_the_same_request(in_acme):
    books = open_books()
    legs = rules.legs_fund(books.funding, books.budget, books.money(5))
    first = actions.post(key="k", kind="fund", legs=legs, event_at=AT, actor=SYSTEM)
    again = actions.post(
        key="k", kind="fund", legs=legs, event_at=AT.replace(year=2027), actor=SYSTEM, meta={"try": 2}
    )
    assert again.replay
    assert again.journal_id == first.journal_id


def test_a_key_used_for_another_request_is_refused(in_acme):
    books = open_books(funded=100)
    books.accrue(40, key="k")
    outcome = refused(actions.IdempotencyKeyReused, lambda: books.accrue(41, key="k"))
    assert (outcome.status, outcome.code, outcome.details) == (422, "idempotency_key_reused", {"key": "k"})


def test_tenants_do_not_share_idempotency_keys(acme, rival):
    for tenant in (acme, rival):
        with tenancy.use(tenant.pk):
            assert not open_books().fund(5, key="same").replay


@pytest.mark.parametrize("kind", ["budget", "available"])
def test_an_overdraft_is_refused_and_names_the_account(in_acme, kind):
    books = open_books(funded=100)
    call = (lambda: books.accrue(101)) if kind == "budget" else (lambda: books.request(1))
    outcome = refused(actions.InsufficientFunds, call)
    assert (outcome.status, outcome.details) == (409, {"account": kind})


def test_the_last_cent_may_be_spent(in_acme):
    books = open_books(funded=100)
    books.accrue(100)
    assert books.held()["budget"] == 0


def test_a_journal_that_fails_in_its_last_leg_leaves_nothing_of_the_first(in_acme):
    books = open_books(funded=100)
    legs = [*rules.legs_accrue(books.budget, books.person.pending, books.money(60))] * 2
    refused(actions.InsufficientFunds, lambda: books.post("accrue", legs))


def test_an_unlimited_budget_goes_below_zero_until_it_is_capped(in_acme):
    books = open_books(capped=False)
    books.accrue(40)
    assert books.held()["budget"] == -40
    refused(actions.InsufficientFunds, lambda: actions.set_cap(account_id=books.budget, capped=True))
    books.fund(40)
    actions.set_cap(account_id=books.budget, capped=True)
    refused(actions.InsufficientFunds, lambda: books.accrue(1))
    actions.set_cap(account_id=books.budget, capped=False)
    books.accrue(1)


def test_a_debt_cannot_be_paid_beyond_zero(in_acme):
    books = open_books(funded=100)
    legs = rules.legs_fund(books.funding, books.person.debt, books.money(1))
    outcome = refused(actions.CeilingReached, lambda: books.post("writeoff", legs))
    assert outcome.details == {"account": "debt"}


def test_a_debt_may_be_written_off(in_acme):
    books = open_books(funded=100)
    books.claw_back(30)
    writeoff = actions.open_account(kind="writeoff", currency="EUR")
    books.post("writeoff", rules.legs_writeoff(writeoff, books.person.debt, books.money(30)))
    assert books.held()["debt"] == 0


def test_a_frozen_account_gives_nothing_but_receives(in_acme):
    books = open_books(funded=100)
    books.accrue(50)
    books.mature(20)
    actions.freeze(account_id=books.person.available)
    outcome = refused(actions.AccountFrozen, lambda: books.request(10))
    assert outcome.details == {"account": "available"}
    books.mature(10)
    actions.unfreeze(account_id=books.person.available)
    books.request(30)


def test_freezing_leaves_an_audit_entry_and_posting_does_not(in_acme):
    books = open_books(funded=100)
    with connection.cursor() as cursor:
        count = "select count(*) from audit_auditentry where table_name = 'ledger_account' and row_id = %s"
        cursor.execute(count, [str(books.budget)])
        before = cursor.fetchone()
        actions.freeze(account_id=books.budget)
        cursor.execute(count, [str(books.budget)])
        assert (before, cursor.fetchone()) == ((0,), (1,))


def test_a_leg_in_another_currency_is_refused(in_acme):
    books = open_books(funded=100)
    legs = [Leg(books.budget, books.person.pending, Money(5, "INR"))]
    outcome = refused(actions.CurrencyMismatch, lambda: books.post("accrue", legs))
    assert outcome.details == {"left": "EUR", "right": "INR"}


def test_a_leg_between_accounts_of_two_currencies_is_refused(in_acme):
    euro, rupee = open_books(funded=100), open_books("INR", funded=100)
    legs = [Leg(euro.budget, rupee.person.pending, Money(5, "EUR"))]
    refused(actions.CurrencyMismatch, lambda: euro.post("accrue", legs))


def test_another_tenants_account_is_not_there(acme, rival):
    with tenancy.use(rival.pk):
        theirs = open_books(funded=100)
    with tenancy.use(acme.pk):
        ours = open_books(funded=100)
        for legs in (
            [Leg(theirs.budget, ours.person.pending, Money(5, "EUR"))],
            [Leg(ours.budget, theirs.person.pending, Money(5, "EUR"))],
        ):
            refused(actions.AccountUnknown, lambda legs=legs: ours.post("accrue", legs))
        refused(actions.AccountUnknown, lambda: actions.freeze(account_id=theirs.budget))
        refused(actions.AccountUnknown, lambda: actions.set_cap(account_id=theirs.budget, capped=False))
        assert actions.lock_balances(account_ids=[theirs.budget]) == {}
        assert queries.entries(theirs.budget) == []


def test_another_tenants_journal_cannot_be_reversed(acme, rival):
    with tenancy.use(rival.pk):
        theirs = open_books().fund(5)
    with tenancy.use(acme.pk):
        refused(
            actions.JournalUnknown,
            lambda: actions.reverse(journal_id=theirs.journal_id, key="r", event_at=AT, actor=SYSTEM),
        )


def test_the_functions_refuse_a_tenant_that_is_not_in_force(acme, rival):
    with tenancy.use(acme.pk), connection.cursor() as cursor:
        for call in (
            "ledger_open(%s, 'funding', null, 'EUR')",
            "ledger_freeze(%s, 1, true)",
            "ledger_lock(%s, '{}')",
        ):
            with pytest.raises(Error) as caught, transaction.atomic():
                cursor.execute(f"select * from {call}", [rival.pk])
            assert caught.value.__cause__.sqlstate == "KL001"


def test_without_a_tenant_nothing_can_be_asked_or_posted():
    for call in (
        lambda: actions.open_account(kind="funding", currency="EUR"),
        lambda: queries.check(),
        lambda: list(Account.objects.all()),
    ):
        with pytest.raises(NoTenant):
            call()


def test_a_journal_is_reversed_exactly_once_to_the_state_before(in_acme):
    books = open_books(funded=100)
    books.accrue(30)
    books.mature(30)
    before = books.held()
    posting = books.claw_back(50)
    undone = actions.reverse(journal_id=posting.journal_id, key="r", event_at=AT, actor=SYSTEM)
    assert books.held() == before
    again = actions.reverse(journal_id=posting.journal_id, key="r", event_at=AT, actor=SYSTEM)
    assert (again.journal_id, again.replay) == (undone.journal_id, True)
    refused(
        actions.AlreadyReversed,
        lambda: actions.reverse(journal_id=posting.journal_id, key="r2", event_at=AT, actor=SYSTEM),
    )
    assert queries.check() == []


def test_a_reversal_is_refused_when_the_money_has_moved_on(in_acme):
    books = open_books(funded=100)
    posting = books.accrue(30)
    books.mature(30)
    refused(
        actions.InsufficientFunds,
        lambda: actions.reverse(journal_id=posting.journal_id, key="r", event_at=AT, actor=SYSTEM),
    )


@pytest.mark.parametrize("minor", [29, 31])
def test_only_the_exact_mirror_counts_as_a_reversal(in_acme, minor):
    books = open_books(funded=100)
    books.accrue(50)
    posting = books.accrue(30)
    legs = rules.legs_cancel(books.person.pending, books.budget, books.money(minor))
    refused(actions.ReversalMismatch, lambda: books.post("reversal", legs, reverses=posting.journal_id))


def test_a_batch_posts_all_or_nothing_and_replays_by_key(in_acme):
    books = open_books(funded=100)
    drafts = [
        actions.Draft(
            f"b{n}", "accrue", rules.legs_accrue(books.budget, books.person.pending, books.money(30)), AT
        )
        for n in range(4)
    ]
    refused(actions.InsufficientFunds, lambda: actions.post_many(drafts=drafts, actor=SYSTEM))
    first = actions.post_many(drafts=drafts[:2], actor=SYSTEM)
    again = actions.post_many(drafts=drafts[2::-1], actor=SYSTEM)
    assert [posting.replay for posting in again] == [False, True, True]
    assert [again[2].journal_id, again[1].journal_id] == [posting.journal_id for posting in first]
    assert books.held() | {"budget": 10, "pending": 90} == books.held()
    other = actions.Draft(
        "b0", "accrue", rules.legs_accrue(books.budget, books.person.pending, books.money(1)), AT
    )
    refused(actions.IdempotencyKeyReused, lambda: actions.post_many(drafts=[other], actor=SYSTEM))
    assert queries.check() == []


def test_a_batch_of_a_thousand_legs_is_accepted_and_one_more_is_not(in_acme):
    books = open_books(funded=1_000)
    legs = rules.legs_accrue(books.budget, books.person.pending, books.money(1)) * 1_000
    books.post("accrue", legs)
    assert books.held()["pending"] == 1_000
    for call in (
        lambda: books.post("accrue", [*legs, legs[0]]),
        lambda: books.post("accrue", []),
        lambda: actions.post_many(drafts=[actions.Draft("x", "accrue", [*legs, legs[0]], AT)], actor=SYSTEM),
    ):
        refused(ValueError, call)
    with connection.cursor() as cursor, pytest.raises(Error) as caught, transaction.atomic():
        cursor.execute(
            "select ledger_post(%s, 'k', sha256('k'), 'fund', now(), '{}', '{}', '{}', '{}')", [in_acme.pk]
        )
    assert caught.value.__cause__.sqlstate == "KL002"


def test_maturing_pays_the_debt_once_across_a_batch_and_replays_do_not_count(in_acme):
    books = open_books(funded=1_000)
    books.accrue(90)
    books.claw_back(50)
    dues = [actions.Due(f"m{n}", books.person, books.money(30)) for n in range(3)]
    actions.mature(dues=dues[:1], event_at=AT, actor=SYSTEM)
    postings = actions.mature(dues=dues, event_at=AT, actor=SYSTEM)
    assert [posting.replay for posting in postings] == [True, False, False]
    assert books.held() | {"pending": 0, "debt": 0, "available": 40} == books.held()


def test_a_retried_claw_back_is_a_replay_although_the_balance_has_changed(in_acme):
    books = open_books(funded=1_000)
    books.accrue(90)
    books.mature(90)
    first = books.claw_back(60, key="c")
    held = books.held()
    again = books.claw_back(60, key="c")
    assert (again.replay, again.journal_id, books.held()) == (True, first.journal_id, held)


def test_a_conversion_leaves_the_position_in_the_fx_accounts(in_acme):
    euro = open_books(funded=100)
    euro.accrue(100)
    euro.mature(100)
    rupee = actions.open_participant(owner_id=euro.person_id, currency="INR")
    fx = {code: actions.open_account(kind="fx", currency=code) for code in ("EUR", "INR")}
    legs = rules.legs_fx(
        euro.person.available, fx["EUR"], fx["INR"], rupee.available, euro.money(40), Money(3_600, "INR")
    )
    euro.post("fx", legs, meta={"rate": "90.00"})
    assert queries.balance("available", euro.person_id, "INR") == Money(3_600, "INR")
    assert queries.balance("fx", None, "EUR") == Money(40, "EUR")
    assert queries.balance("fx", None, "INR") == Money(-3_600, "INR")
    assert queries.check() == []


def test_opening_twice_finds_the_same_account(in_acme):
    person = uuid7()
    first = actions.open_participant(owner_id=person, currency="EUR")
    assert actions.open_participant(owner_id=person, currency="EUR") == first
    assert actions.open_account(kind="debt", owner_id=person, currency="EUR") == first.debt
    assert actions.open_account(kind="debt", owner_id=person, currency="USD") != first.debt


@pytest.mark.parametrize(("kind", "owned"), [("funding", True), ("available", False), ("savings", True)])
def test_an_account_outside_the_chart_is_not_opened(in_acme, kind, owned):
    refused(
        ValueError,
        lambda: actions.open_account(kind=kind, owner_id=uuid7() if owned else None, currency="EUR"),
    )


def test_every_account_of_the_chart_has_the_floor_and_ceiling_the_rules_say(in_acme):
    for kind in rules.CHART.values():
        owner_id = None if kind.owned_by == "tenant" else uuid7()
        account = Account.objects.get(
            pk=actions.open_account(kind=kind.name, owner_id=owner_id, currency="EUR")
        )
        assert (account.floor, account.ceiling, account.is_system) == (
            kind.floor,
            kind.ceiling,
            kind.is_system,
        )


def test_points_belong_to_one_tenant_and_unknown_currencies_to_none(acme, rival):
    with tenancy.use(acme.pk):
        actions.define_points(code="PTS_MILES", name="Miles")
        open_books("PTS_MILES", funded=5)
        open_books("PTS", funded=5)
        refused(actions.UnknownCurrency, lambda: actions.open_account(kind="funding", currency="XXX"))
        refused(actions.UnknownCurrency, lambda: actions.define_points(code="EUR", name="Not mine"))
    with tenancy.use(rival.pk), connection.cursor() as cursor:
        cursor.execute("select count(*) from ledger_currency where kind = 'points'")
        assert cursor.fetchone() == (0,)


def test_the_currencies_of_the_database_are_those_of_the_kit(in_acme):
    with connection.cursor() as cursor:
        cursor.execute("select code, exponent, name from ledger_currency where kind = 'fiat'")
        stored = {code: (exponent, name) for code, exponent, name in cursor.fetchall()}
    assert stored == {item.code: (item.exponent, item.name) for item in CURRENCIES.values()}


def test_an_amount_beyond_the_column_is_an_answer_and_not_a_crash(in_acme):
    books = open_books(funded=2**63 - 1)
    refused(AmountInvalid, lambda: books.fund(2**63 - 1))


def test_a_journal_says_who_and_on_which_request(acme):
    alice = Actor("member", "1", "Alice")
    with tenancy.use(acme.pk, actor=alice, request_id="req-1"):
        books = open_books()
        legs = rules.legs_fund(books.funding, books.budget, books.money(5))
        posting = actions.post(
            key="k", kind="fund", legs=legs, event_at=AT, actor=alice, meta={"note": "Spring"}
        )
        journal = Journal.objects.get(pk=posting.journal_id)
    assert (journal.actor, journal.request_id, journal.event_at) == ("member:1", "req-1", AT)
    assert journal.meta == {"note": "Spring"}
    assert len(bytes(journal.request_hash)) == 32


def test_a_kind_outside_the_table_of_events_is_a_mistake(in_acme):
    books = open_books(funded=5)
    legs = rules.legs_accrue(books.budget, books.person.pending, books.money(1))
    refused(ValueError, lambda: books.post("bonus", legs))
