"""What rules grant and say, as tables and properties."""

import datetime

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from kith.kit.ids import uuid7
from kith.kit.money import Money
from kith.programs.rules import PublishedRule, RuleSpec
from kith.rewards import rules
from kith.rewards.rules import Counters, Ruleset

DANA, ELI = uuid7(), uuid7()
FACTS = {
    "trigger": "conversion:booking", "event": "booking", "amount_minor": 40_000, "currency": "EUR", "country": "NL",
    "days_since_referral": 3, "referrer_id": str(DANA), "referred_id": None, "multiplier_bps": 10_000,
    "counts_from": "2026-06-01T09:00:00+00:00",
}  # fmt: skip
SPEC = {"trigger": "conversion:booking", "fixed_minor": 2500}
BIG = {"field": "amount_minor", "op": "gte", "value": 50_000}


def ruleset(*specs, window_days=365):
    made = [
        PublishedRule(
            uuid7(),
            f"rule-{index}",
            RuleSpec.parse({"trigger": "conversion:booking", "fixed_minor": 2500, **spec}),
        )
        for index, spec in enumerate(specs)
    ]
    return Ruleset("EUR", window_days, tuple(made))


@pytest.mark.parametrize(
    ("spec", "facts", "counted", "left", "result"),
    [
        ({}, {}, 0, None, "granted"),
        ({}, {"trigger": "conversion:visit"}, 0, None, "trigger"),
        ({"trigger": "stage.entered:completed"}, {}, 0, None, "trigger"),
        ({}, {"days_since_referral": 365}, 0, None, "granted"),
        ({}, {"days_since_referral": 366}, 0, None, "window"),
        ({"conditions": BIG}, {}, 0, None, "conditions"),
        ({"conditions": BIG}, {"amount_minor": 50_000}, 0, None, "granted"),
        ({"conditions": BIG}, {"amount_minor": None}, 0, None, "conditions"),
        ({"beneficiary": "referred"}, {}, 0, None, "beneficiary"),
        ({"beneficiary": "referred"}, {"referred_id": str(ELI)}, 0, None, "granted"),
        ({"cap_per_participant": 10}, {}, 9, None, "granted"),
        ({"cap_per_participant": 10}, {}, 10, None, "cap"),
        ({"cap_per_participant": 0}, {}, 9_999, None, "granted"),
        ({}, {}, 0, 2500, "granted"),
        ({}, {}, 0, 2499, "budget"),
        ({}, {"multiplier_bps": 20_000}, 0, 4999, "budget"),
        ({"fixed_minor": 1}, {"multiplier_bps": 1}, 0, None, "amount"),
    ],
)
def test_each_rule_says_granted_or_why_not(spec, facts, counted, left, result):
    outcome = rules.decide(ruleset(spec), FACTS | facts, Counters({("rule-0", DANA): counted}, left))
    (line,) = outcome.trace
    assert line["result"] == result
    assert len(outcome.grants) == (result == "granted")


def test_a_grant_says_who_how_much_and_until_when_it_is_held():
    outcome = rules.decide(ruleset({"hold_days": 14}), FACTS | {"multiplier_bps": 15_000}, Counters())
    (grant,) = outcome.grants
    assert (grant.beneficiary_id, grant.amount) == (DANA, Money(3750, "EUR"))
    assert grant.hold_until == datetime.datetime(2026, 6, 15, 9, tzinfo=datetime.UTC)


def test_failing_conditions_are_listed_with_what_was_found():
    tree = {"all": [BIG, {"field": "country", "op": "eq", "value": "DE"}]}
    (line,) = rules.decide(ruleset({"conditions": tree}), FACTS, Counters()).trace
    assert [(leaf["field"], leaf["expected"], leaf["actual"]) for leaf in line["failing"]] == [
        ("amount_minor", 50_000, 40_000),
        ("country", "DE", "NL"),
    ]


def test_one_budget_is_shared_by_all_rules_of_a_decision():
    outcome = rules.decide(ruleset({}, {}, {"fixed_minor": 1000}), FACTS, Counters(budget_left_minor=4000))
    assert [line["result"] for line in outcome.trace] == ["granted", "budget", "granted"]


SPECS = st.lists(
    st.fixed_dictionaries(
        {
            "fixed_minor": st.integers(1, 5000),
            "cap_per_participant": st.integers(0, 3),
            "trigger": st.sampled_from(["conversion:booking", "conversion:visit"]),
            "conditions": st.sampled_from([None, BIG, {"field": "country", "op": "eq", "value": "NL"}]),
        }
    ),
    max_size=5,
)


@given(SPECS, st.none() | st.integers(0, 10_000), st.integers(0, 4), st.randoms())
def test_deciding_is_deterministic_within_budget_and_caps_whatever_the_order(specs, left, counted, random):
    made = ruleset(*specs)
    counters = Counters({(rule.rule_code, DANA): counted for rule in made.rules}, left)
    outcome = rules.decide(made, FACTS, counters)
    shuffled = list(made.rules)
    random.shuffle(shuffled)
    assert rules.decide(Ruleset("EUR", 365, tuple(shuffled)), FACTS, counters) == outcome
    assert [line["rule"] for line in outcome.trace] == sorted(rule.rule_code for rule in made.rules)
    assert left is None or sum(grant.amount.amount_minor for grant in outcome.grants) <= left
    caps = {rule.rule_code: rule.spec.cap_per_participant for rule in made.rules}
    assert all(not caps[grant.rule_code] or counted < caps[grant.rule_code] for grant in outcome.grants)


def test_a_ruleset_is_known_by_what_it_promises():
    made = ruleset({}, {"fixed_minor": 1000})
    assert made.hash == Ruleset("EUR", 365, made.rules).hash
    assert (
        len({made.hash, Ruleset("EUR", 366, made.rules).hash, Ruleset("EUR", 365, made.rules[:1]).hash}) == 3
    )


@pytest.mark.parametrize(
    ("conditions", "net", "stays"),
    [(None, 1, True), (None, 0, False), (BIG, 50_000, True), (BIG, 49_999, False)],
)
def test_a_fixed_reward_stays_while_its_conditions_hold_for_what_is_left(conditions, net, stays):
    spec = ruleset({"conditions": conditions}).rules[0].spec
    assert rules.survives(spec.conditions, FACTS, net) is stays


@pytest.mark.django_db
def test_the_database_and_the_code_know_the_same_steps():
    with connection.cursor() as cursor:
        cursor.execute("select from_state, to_state from kit_state_edge where machine = 'reward'")
        declared = set(cursor.fetchall())
    assert declared == {(start, end) for start, ends in rules.EDGES.items() for end in ends}
