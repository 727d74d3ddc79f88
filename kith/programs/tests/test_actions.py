"""Setting up programs, promising rewards, and budgets that end."""

import datetime
import threading

import pytest
from django.db import Error, connections, transaction

from kith.kit import errors, tenancy
from kith.kit.actors import SYSTEM
from kith.kit.money import Money
from kith.ledger.actions import IdempotencyKeyReused, InsufficientFunds
from kith.pipelines.tests.factories import AT, make_pipeline
from kith.programs import actions, queries
from kith.programs.actions import (
    BudgetCapped,
    CampaignTaken,
    ProgramTaken,
    RuleInvalid,
    RuleTaken,
    VersionNotDraft,
    VersionNotPublished,
)
from kith.programs.models import Campaign, Program, RuleVersion
from kith.programs.tests.factories import SPEC, make_program, publish_rule
from kith.tenants import actions as tenants

LATER = AT + datetime.timedelta(days=30)


def by(actor=SYSTEM, now=AT):
    return {"actor": actor, "now": now}


def test_a_program_is_live_with_a_budget_that_has_no_cap(in_acme):
    program = make_program("travel", is_default=True)
    assert queries.default_program() == program
    budget = queries.budget(program)
    assert (budget.is_capped, budget.left) == (False, Money(0, "EUR"))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"code": "with space"}, "code"),
        ({"name": " "}, "name"),
        ({"currency": "EURO"}, "currency"),
        ({"status": "open"}, "status"),
        ({"destination_url": "javascript:alert(1)"}, "destination_url"),
        ({"click_window_days": 0}, "click_window_days"),
        ({"landing": {"title": "Hello"}}, "landing"),
    ],
)
def test_a_program_with_a_bad_field_is_not_made(in_acme, values, field):
    with pytest.raises(errors.Invalid) as refusal:
        make_program(**values)
    assert list(refusal.value.fields) == [field]
    assert not Program.objects.exists()


def test_a_program_needs_a_pipeline_for_referrals(in_acme):
    with pytest.raises(errors.Invalid) as refusal:
        make_program(pipeline=make_pipeline("case", subject="journey"))
    assert list(refusal.value.fields) == ["pipeline"]


def test_codes_are_taken_once(in_acme):
    program = make_program("travel")
    with pytest.raises(ProgramTaken):
        make_program("travel")
    publish_rule(program)
    with pytest.raises(RuleTaken):
        publish_rule(program)
    actions.create_campaign(program=program, code="june", name="June", starts_at=AT, **by())
    with pytest.raises(CampaignTaken):
        actions.create_campaign(program=program, code="june", name="June", starts_at=AT, **by())
    assert (Program.objects.count(), Campaign.objects.count(), RuleVersion.objects.count()) == (1, 1, 1)


def test_one_program_is_the_default(in_acme):
    first, second = make_program("one", is_default=True), make_program("two")
    actions.update_program(program=second, changes={"is_default": True, "name": "Second"}, **by())
    first.refresh_from_db()
    assert (first.is_default, queries.default_program()) == (False, second)


@pytest.mark.parametrize("changes", [{"currency": "USD"}, {"code": "x"}, {"status": "gone"}, {"name": ""}])
def test_what_may_not_change_of_a_program_stays(in_acme, changes):
    program = make_program("one")
    with pytest.raises(errors.Invalid):
        actions.update_program(program=program, changes=changes, **by())
    program.refresh_from_db()
    assert (program.code, program.currency, program.status, program.name) == (
        "one",
        "EUR",
        "live",
        "Friends travel",
    )


def test_a_campaign_multiplies_only_while_it_runs(in_acme):
    campaign = actions.create_campaign(
        program=make_program(),
        code="june",
        name="June",
        starts_at=AT,
        ends_at=LATER,
        multiplier_bps=20_000,
        **by(),
    )
    second = datetime.timedelta(seconds=1)
    at = [AT - second, AT, LATER - second, LATER]
    assert [queries.multiplier_bps(campaign, moment) for moment in at] == [10_000, 20_000, 20_000, 10_000]
    actions.update_campaign(campaign=campaign, changes={"status": "paused"}, **by())
    campaign.refresh_from_db()
    assert queries.multiplier_bps(campaign, AT) == 10_000
    with pytest.raises(errors.Invalid):
        actions.update_campaign(campaign=campaign, changes={"ends_at": AT}, **by())


def test_a_rule_says_what_its_version_of_the_time_said(in_acme):
    program = make_program()
    first = publish_rule(program, fixed_minor=2500)
    draft = actions.draft_version(rule=first.rule, spec={**SPEC, "fixed_minor": 3000}, **by(now=LATER))
    again = actions.draft_version(rule=first.rule, spec={**SPEC, "fixed_minor": 4000}, **by(now=LATER))
    assert (draft.pk, again.version) == (again.pk, 2)
    assert [rule.spec.fixed_minor for rule in queries.published_rules(program.id, LATER)] == [2500]
    actions.publish_version(version=again, **by(now=LATER))
    assert [rule.spec.fixed_minor for rule in queries.published_rules(program.id, LATER)] == [4000]
    before = LATER - datetime.timedelta(seconds=1)
    assert [rule.spec.fixed_minor for rule in queries.published_rules(program.id, before)] == [2500]
    again.refresh_from_db()
    actions.retire_version(version=again, **by(now=LATER + datetime.timedelta(days=1)))
    assert queries.published_rules(program.id, LATER + datetime.timedelta(days=2)) == []


def test_only_a_draft_is_published_and_only_a_promise_retired(in_acme):
    version = publish_rule(make_program())
    with pytest.raises(VersionNotDraft):
        actions.publish_version(version=version, **by())
    actions.retire_version(version=version, **by())
    with pytest.raises(VersionNotPublished):
        actions.retire_version(version=version, **by())


def test_a_published_promise_cannot_be_changed_even_by_sql(in_acme):
    version = publish_rule(make_program())
    with pytest.raises(Error), transaction.atomic():
        RuleVersion.objects.filter(pk=version.pk).update(spec={**SPEC, "fixed_minor": 1})
    assert RuleVersion.objects.get().spec["fixed_minor"] == 2500


def test_a_bad_specification_is_refused_at_its_place_and_nothing_is_drafted(in_acme):
    rule = publish_rule(make_program()).rule
    with pytest.raises(RuleInvalid) as refusal:
        actions.draft_version(rule=rule, spec={**SPEC, "hold_days": -1}, **by())
    assert "730" in refusal.value.fields["hold_days"]
    assert RuleVersion.objects.count() == 1


def test_the_default_rule_follows_the_settings(in_acme, alice):
    program = make_program(currency="JPY")
    with pytest.raises(errors.Invalid):
        queries.default_spec(program)
    program = make_program()
    tenants.set_setting(key="rewards.default_amount", value="30.50", actor=alice, now=AT)
    tenants.set_setting(key="rewards.max_per_participant", value=10, actor=alice, now=AT)
    spec = queries.default_spec(program)
    assert (spec.trigger, spec.fixed_minor, spec.cap_per_participant, spec.hold_days, spec.auto_approve) == (
        "conversion:booking", 3050, 10, 14, False,
    )  # fmt: skip


def test_a_rule_is_one_sentence(in_acme):
    version = publish_rule(
        make_program(), cap_per_participant=10,
        conditions={"any": [{"field": "amount_minor", "op": "gte", "value": 10000},
                            {"field": "country", "op": "in", "value": ["NL", "BE"]}]},
    )  # fmt: skip
    (rule,) = queries.published_rules(version.rule.program_id, AT)
    assert queries.describe(rule.spec, "en", currency="EUR") == (
        "The referrer earns €25.00 for each “booking”, if the amount is at least €100.00 or the country of the"
        " referred person is one of “NL”, “BE”, at most 10 times per participant, held for 14 days, approved by staff."
    )


def test_a_cap_funds_the_budget_once_and_is_raised_by_funding(in_acme):
    program = make_program()
    cap = Money(100_000, "EUR")
    for _again in range(2):
        actions.open_budget(program=program, hard_cap=cap, **by())
    assert (queries.budget(program).is_capped, queries.budget(program).left) == (True, cap)
    with pytest.raises(BudgetCapped), transaction.atomic():
        actions.open_budget(program=program, hard_cap=Money(1, "EUR"), **by())
    for _again in range(2):
        actions.fund_budget(program=program, amount=Money(500, "EUR"), key="PO-1", **by())
    assert queries.budget(program).funded == Money(100_500, "EUR")
    with pytest.raises(IdempotencyKeyReused), transaction.atomic():
        actions.fund_budget(program=program, amount=Money(501, "EUR"), key="PO-1", **by())
    with pytest.raises(errors.Invalid):
        actions.fund_budget(program=program, amount=Money(0, "EUR"), key="PO-2", **by())
    assert queries.budget(program).left == Money(100_500, "EUR")


def test_a_cap_below_what_is_promised_is_refused(in_acme):
    from kith.ledger import actions as ledger
    from kith.ledger import rules as ledger_rules
    from kith.programs.models import Program as AnyOwner

    program: AnyOwner = make_program()
    budget = actions.open_budget(program=program, hard_cap=None, **by())
    pending = ledger.open_participant(owner_id=program.id, currency="EUR").pending
    legs = ledger_rules.legs_accrue(budget, pending, Money(5000, "EUR"))
    ledger.post(key="x", kind="accrue", legs=legs, event_at=AT, actor=SYSTEM)
    with pytest.raises(InsufficientFunds), transaction.atomic():
        actions.open_budget(program=program, hard_cap=Money(4999, "EUR"), **by())
    actions.open_budget(program=program, hard_cap=Money(6000, "EUR"), **by())
    found = queries.budget(program)
    assert (found.left, found.promised, found.funded) == (
        Money(1000, "EUR"),
        Money(5000, "EUR"),
        Money(6000, "EUR"),
    )


def test_two_who_publish_at_once_leave_one_promise(committed):
    tenant = committed("race")
    with tenancy.use(tenant.id):
        rule = publish_rule(make_program()).rule
        draft = actions.draft_version(rule=rule, spec={**SPEC, "fixed_minor": 1}, **by())
    outcomes, gate = [], threading.Barrier(2)

    def run():
        try:
            with tenancy.use(tenant.id):
                gate.wait(timeout=20)
                actions.publish_version(version=draft, **by(now=LATER))
            outcomes.append("won")
        except VersionNotDraft:
            outcomes.append("lost")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _each in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["lost", "won"]
