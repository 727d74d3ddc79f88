"""Rule specifications: what is read, what is refused and where, and when conditions hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kith.programs import rules
from kith.programs.rules import RuleSpec, SpecInvalid

GOOD = {"trigger": "conversion:booking", "fixed_minor": 2500}


def leaf(field="country", op="eq", value="NL"):
    return {"field": field, "op": op, "value": value}


def nested(depth):
    return leaf() if depth == 1 else {"all": [nested(depth - 1)]}


@pytest.mark.parametrize(
    ("change", "path", "problem"),
    [
        ({"colour": "red"}, "colour", "unknown_field"),
        ({"trigger": "booking"}, "trigger", "trigger"),
        ({"trigger": "stage.entered:won"}, "trigger", "trigger"),
        ({"trigger": 3}, "trigger", "trigger"),
        ({"fixed_minor": 0}, "fixed_minor", "whole_number"),
        ({"fixed_minor": 25.0}, "fixed_minor", "whole_number"),
        ({"fixed_minor": True}, "fixed_minor", "whole_number"),
        ({"cap_per_participant": -1}, "cap_per_participant", "whole_number"),
        ({"hold_days": 731}, "hold_days", "whole_number"),
        ({"beneficiary": "everybody"}, "beneficiary", "choice"),
        ({"budget": "moon"}, "budget", "choice"),
        ({"auto_approve": "yes"}, "auto_approve", "yes_no"),
        ({"conditions": []}, "conditions", "condition"),
        ({"conditions": {"all": []}}, "conditions.all", "empty_group"),
        ({"conditions": {"all": [leaf()], "any": [leaf()]}}, "conditions", "condition"),
        ({"conditions": {"any": [leaf("shoe_size")]}}, "conditions.any[0].field", "unknown_fact"),
        ({"conditions": leaf(op="gt")}, "conditions.op", "operator"),
        ({"conditions": leaf("amount_minor", "gte", "100")}, "conditions.value", "minor_units"),
        ({"conditions": leaf("is_estimated", "eq", 1)}, "conditions.value", "yes_no"),
        ({"conditions": leaf(op="in", value="NL")}, "conditions.value", "list_of_values"),
        ({"conditions": leaf(op="in", value=["NL", 1])}, "conditions.value[1]", "text"),
        ({"conditions": nested(5)}, "conditions.all[0].all[0].all[0].all[0]", "too_deep"),
        ({"conditions": {"all": [leaf()] * 50}}, "conditions.all[49]", "too_many"),
    ],
)
def test_a_specification_that_cannot_be_is_refused_at_its_place(change, path, problem):
    with pytest.raises(SpecInvalid) as refusal:
        RuleSpec.parse({**GOOD, **change})
    assert (refusal.value.path, refusal.value.problem) == (path, problem)


def test_what_is_left_out_has_a_default_and_what_is_required_is_asked_for():
    spec = RuleSpec.parse(GOOD)
    assert (spec.beneficiary, spec.cap_per_participant, spec.hold_days, spec.auto_approve) == (
        "referrer", 0, 14, False,
    )  # fmt: skip
    with pytest.raises(SpecInvalid) as refusal:
        RuleSpec.parse({"trigger": "conversion:booking"})
    assert refusal.value.path == "fixed_minor"


LEAVES = st.one_of(
    st.builds(leaf, st.sampled_from(["country", "event"]), st.sampled_from(["eq", "ne"]), st.text(max_size=5)),
    st.builds(leaf, st.just("amount_minor"), st.sampled_from(sorted(rules.OPS["amount"] - {"in", "not_in"})),
              st.integers(-100, 100)),
    st.builds(leaf, st.just("country"), st.sampled_from(["in", "not_in"]),
              st.lists(st.text(max_size=3), min_size=1, max_size=3)),
    st.builds(leaf, st.just("is_estimated"), st.sampled_from(["eq", "ne"]), st.booleans()),
)  # fmt: skip
TREES = st.one_of(
    LEAVES,
    st.builds(
        lambda kind, members: {kind: members},
        st.sampled_from(["all", "any"]),
        st.lists(LEAVES, min_size=1, max_size=4),
    ),
)
FACTS = st.fixed_dictionaries(
    {
        "country": st.none() | st.text(max_size=3),
        "event": st.text(max_size=3),
        "amount_minor": st.none() | st.integers(-100, 100),
        "is_estimated": st.booleans(),
    }
)


@given(TREES)
def test_what_is_written_is_read_back_equal_with_the_same_hash(tree):
    spec = RuleSpec.parse({**GOOD, "conditions": tree})
    again = RuleSpec.parse(spec.as_dict())
    assert again == spec
    assert again.hash == spec.hash


@given(st.lists(TREES, min_size=1, max_size=3), FACTS)
def test_all_holds_when_each_does_and_any_when_one_does(trees, facts):
    def holds(tree):
        return not rules.failures(RuleSpec.parse({**GOOD, "conditions": tree}).conditions, facts)

    each = [holds(tree) for tree in trees]
    assert holds({"all": trees}) == all(each)
    assert holds({"any": trees}) == any(each)


@pytest.mark.parametrize(
    ("op", "value", "actual", "holds"),
    [
        ("eq", "nl", "NL", True),
        ("ne", "NL", "DE", True),
        ("ne", "NL", None, False),
        ("in", ["NL", "DE"], "de", True),
        ("not_in", ["NL"], "FR", True),
        ("not_in", ["NL"], None, False),
    ],
)
def test_text_is_compared_without_case_and_unknown_satisfies_nothing(op, value, actual, holds):
    spec = RuleSpec.parse({**GOOD, "conditions": leaf("country", op, value)})
    assert (not rules.failures(spec.conditions, {"country": actual})) is holds


@pytest.mark.parametrize(
    ("op", "actual", "holds"),
    [
        ("gt", 100, False),
        ("gt", 101, True),
        ("gte", 100, True),
        ("lt", 100, False),
        ("lt", 99, True),
        ("lte", 100, True),
    ],
)
def test_amounts_are_compared_at_their_edge(op, actual, holds):
    spec = RuleSpec.parse({**GOOD, "conditions": leaf("amount_minor", op, 100)})
    assert (not rules.failures(spec.conditions, {"amount_minor": actual})) is holds


def test_failing_leaves_say_what_was_expected_and_found():
    tree = {"all": [leaf(), {"any": [leaf("amount_minor", "gte", 100), leaf("event", "eq", "visit")]}]}
    found = rules.failures(
        RuleSpec.parse({**GOOD, "conditions": tree}).conditions,
        {"country": "NL", "amount_minor": 99, "event": "booking"},
    )
    assert [(failure.path, failure.expected, failure.actual) for failure in found] == [
        ("conditions.all[1].any[0]", 100, 99),
        ("conditions.all[1].any[1]", "visit", "booking"),
    ]
