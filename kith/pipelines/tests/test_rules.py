"""The category graph as a table, and default moves as properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kith.pipelines import rules
from kith.pipelines.rules import MoveSpec, StageSpec

STAGE_LISTS = st.lists(st.sampled_from(rules.CATEGORIES), min_size=1, max_size=8).map(
    lambda found: [
        StageSpec(f"s{index}", category, index, {"en": "Label"}) for index, category in enumerate(found)
    ]
)


@pytest.mark.parametrize(
    ("start", "end", "allowed"),
    [
        ("new", "engaged", True),
        ("new", "completed", True),
        ("qualified", "qualified", True),
        ("engaged", "new", False),
        ("qualified", "rejected", True),
        ("engaged", "expired", True),
        ("converted", "cancelled", True),
        ("converted", "rejected", True),
        ("converted", "expired", False),
        ("converted", "qualified", False),
        ("completed", "cancelled", False),
        ("completed", "rejected", False),
        ("rejected", "engaged", True),
        ("rejected", "completed", False),
        ("expired", "engaged", False),
        ("cancelled", "new", False),
    ],
)
def test_the_category_graph(start, end, allowed):
    assert rules.may_follow(start, end) is allowed


@given(STAGE_LISTS)
def test_default_moves_follow_the_graph_and_explain_what_ends_or_goes_back(stages):
    by_code = {stage.code: stage for stage in stages}
    for move in rules.default_moves(stages):
        start, end = by_code[move.from_code], by_code[move.to_code]
        assert rules.may_follow(start.category, end.category)
        if end.category in ("rejected", "cancelled") and start.category != end.category:
            assert move.needs_reason
        if start.category == "rejected" and end.category == "engaged":
            assert move.needs_reason


@given(STAGE_LISTS)
def test_default_moves_leave_no_allowed_move_out(stages):
    moves = {(move.from_code, move.to_code) for move in rules.default_moves(stages)}
    for start in stages:
        for end in stages:
            if start.code != end.code and rules.may_follow(start.category, end.category):
                assert (start.code, end.code) in moves


def test_going_on_needs_no_reason_and_going_back_does():
    first, second = StageSpec("a", "qualified", 1), StageSpec("b", "qualified", 2)
    assert not rules.needs_reason(first, second)
    assert rules.needs_reason(second, first)


@pytest.mark.parametrize(
    ("stages", "moves", "fault"),
    [
        ([StageSpec("a", "engaged", 0, {"en": "A"})], [], {"stages": "no_first_stage"}),
        (
            [StageSpec("a", "new", 0, {"en": "A"}), StageSpec("a", "engaged", 1, {"en": "B"})],
            [],
            {"stages": "code_twice"},
        ),
        ([StageSpec("a", "new", 0, {})], [], {"stages[0].label": "label"}),
        ([StageSpec("a", "new", 0, {"en": " "})], [], {"stages[0].label": "label"}),
        ([StageSpec("a", "new", 0, {"en": "A"}, 101)], [], {"stages[0].progress_pct": "percent"}),
        (
            [StageSpec("a", "new", 0, {"en": "A"})],
            [MoveSpec("a", "b")],
            {"moves[0]": "unknown_stage"},
        ),
        (
            [StageSpec("a", "new", 0, {"en": "A"}), StageSpec("b", "expired", 1, {"en": "B"})],
            [MoveSpec("b", "a")],
            {"moves[0]": "against_categories"},
        ),
    ],
)
def test_what_is_wrong_with_a_pipeline_is_named(stages, moves, fault):
    assert rules.faults(stages, moves) == fault


@pytest.mark.parametrize(
    ("history", "fine"),
    [
        (["new", "engaged", "engaged", "completed"], True),
        (["new", "rejected", "engaged", "converted", "cancelled"], True),
        (["new", "completed", "cancelled"], False),
        (["new", "unheard"], False),
    ],
)
def test_a_history_is_a_path_of_the_graph_or_not(history, fine):
    assert rules.is_path(history) is fine


def test_a_label_falls_back_from_region_to_language_to_english_to_any():
    assert rules.label({"nl": "Nieuw", "en": "New"}, "nl-be", "x") == "Nieuw"
    assert rules.label({"nl": "Nieuw", "en": "New"}, "fr", "x") == "New"
    assert rules.label({"nl": "Nieuw"}, "fr", "x") == "Nieuw"
    assert rules.label({}, "fr", "x") == "x"
