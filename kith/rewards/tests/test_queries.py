"""Reading rewards costs the same for 3 and for 30, and says why in words."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kith.kit import pagination
from kith.kit.money import Money
from kith.rewards import queries
from kith.rewards.models import Decision
from kith.rewards.tests.factories import AT, decide, earn, make_conversion, make_scene


@pytest.fixture
def scene(in_acme):
    return make_scene()


@pytest.mark.parametrize("count", [3, 30])
def test_lists_take_a_fixed_number_of_statements(scene, count):
    rewards = [earn(scene) for _each in range(count)]
    with CaptureQueriesContext(connection) as asked:
        page = pagination.paginate(queries.reward_list(), limit=100, order=queries.NEWEST)
        assert all(row.beneficiary.name and row.program.code for row in page.items)
    assert (len(page.items), len(asked)) == (count, 2)
    with CaptureQueriesContext(connection) as asked:
        found = queries.rewards_of_referrals([reward.referral_id for reward in rewards])
    assert (sum(map(len, found.values())), len(asked)) == (count, 1)
    with CaptureQueriesContext(connection) as asked:
        assert queries.undecided_conversions(found) == {}
    assert len(asked) == 1


def test_rewards_are_found_by_status_person_program_and_referral(scene):
    waiting, approved = earn(scene), earn(scene, "approved")
    other = earn(make_scene())
    assert set(queries.reward_list(status="approved")) == {approved}
    assert set(queries.reward_list(beneficiary_id=scene.dana.id)) == {waiting, approved}
    assert set(queries.reward_list(program_id=other.program_id)) == {other}
    assert set(queries.reward_list(referral_id=waiting.referral_id)) == {waiting}


def test_holdings_agree_with_the_books(scene):
    earn(scene)
    earn(scene, "available")
    (held,) = queries.holdings(scene.dana.id)
    assert (held.pending, held.available, held.debt) == (
        Money(2500, "EUR"),
        Money(2500, "EUR"),
        Money(0, "EUR"),
    )


@pytest.mark.parametrize(
    ("spec", "values", "sentence"),
    [
        ({}, {}, "Granted: €25.00."),
        (
            {},
            {"occurred_at": AT + datetime.timedelta(days=500)},
            "Too late: 500 days after the referral; the limit is 365.",
        ),
        ({}, {"event": "visit"}, "Not for this: the rule waits for “booking”."),
        ({"beneficiary": "referred"}, {}, "The referred person is not a participant."),
        (
            {"conditions": {"field": "amount_minor", "op": "gt", "value": 50_000}},
            {},
            "Not all conditions hold: 1 failed.",
        ),
    ],
)
def test_a_decision_explains_itself(in_acme, spec, values, sentence):
    decide(make_conversion(make_scene(**spec), **values))
    (line,) = queries.explanations(Decision.objects.select_related("program").get(), "en")
    assert line.sentence == sentence


def test_facts_hold_nobodys_name(scene):
    earn(scene)
    assert "Dana" not in str(Decision.objects.get().facts)
