"""Making pipelines, moving rows, and what a race does."""

import threading

import pytest
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kith.kit import tenancy
from kith.kit.actors import SYSTEM
from kith.kit.errors import Invalid
from kith.pipelines import actions, queries, rules
from kith.pipelines.actions import MoveNotAllowed, PipelineInvalid, PipelineTaken, ReasonMissing, StageChanged
from kith.pipelines.models import Move, Pipeline, Stage, StatusEntry
from kith.pipelines.tests.factories import AT, STAGES, make_pipeline, make_row


def go(row, code, **values):
    to_stage = queries.get_stage(row.stage.pipeline_id, code)
    return actions.transition(row=row, machine="referral", to_stage=to_stage, actor=SYSTEM, now=AT, **values)


def test_a_pipeline_has_its_stages_in_order_and_the_moves_of_the_graph(in_acme):
    pipeline = make_pipeline()
    assert [stage.code for stage in queries.stages(pipeline.id)] == [stage["code"] for stage in STAGES]
    assert queries.first_stage(pipeline.id).code == "invited"
    assert queries.stage_for_category(pipeline.id, "qualified").code == "booked"
    assert [step.to_stage.code for step in queries.steps_from(queries.get_stage(pipeline.id, "confirmed"))] == [
        "travelled", "rejected", "cancelled",
    ]  # fmt: skip


def test_a_pipeline_may_name_its_own_moves(in_acme):
    pipeline = make_pipeline(moves=[("invited", "booked", True)])
    assert Move.objects.filter(pipeline=pipeline).count() == 1
    with pytest.raises(MoveNotAllowed):
        go(make_row(pipeline), "registered")


@pytest.mark.parametrize(
    "values",
    [
        {"stages": STAGES[1:]},
        {"stages": [*STAGES, {"code": "x", "category": "odd", "label": {"en": "X"}}]},
        {"moves": [("travelled", "invited", False)]},
    ],
)
def test_a_pipeline_against_the_categories_is_not_made(in_acme, values):
    with pytest.raises(PipelineInvalid) as refusal:
        make_pipeline(**values)
    assert refusal.value.fields
    assert not Pipeline.objects.exists()


def test_a_code_names_one_pipeline(in_acme):
    make_pipeline()
    with pytest.raises(PipelineTaken):
        make_pipeline()
    assert Pipeline.objects.count() == 1


def test_a_move_changes_the_row_and_writes_one_line_of_history(in_acme, alice):
    row = make_row(make_pipeline())
    go(row, "booked")
    row.refresh_from_db()
    assert (row.stage.code, row.category) == ("booked", "qualified")
    (passage,) = queries.history("referral", row.id)
    assert (passage.from_state, passage.to_state, passage.from_category, passage.to_category) == (
        "invited", "booked", "new", "qualified",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("start", "end", "reason", "refusal"),
    [
        ("confirmed", "invited", "why not", MoveNotAllowed),
        ("travelled", "cancelled", "refund", MoveNotAllowed),
        ("invited", "rejected", " ", ReasonMissing),
        ("rejected", "registered", "", ReasonMissing),
    ],
)
def test_a_move_that_is_not_allowed_changes_nothing(in_acme, start, end, reason, refusal):
    row = make_row(make_pipeline(), start)
    with pytest.raises(refusal):
        go(row, end, reason=reason)
    row.refresh_from_db()
    assert row.stage.code == start
    assert not StatusEntry.objects.exists()


def test_a_row_read_before_somebody_else_moved_it_is_not_moved(in_acme):
    row = make_row(make_pipeline())
    stale = type(row).objects.get(pk=row.pk)
    go(row, "booked")
    with pytest.raises(StageChanged):
        go(stale, "registered")
    row.refresh_from_db()
    assert row.stage.code == "booked"
    assert StatusEntry.objects.count() == 1


def test_the_history_cannot_be_rewritten(in_acme):
    from django.db import Error, transaction

    row = make_row(make_pipeline())
    go(row, "booked")
    with pytest.raises(Error), transaction.atomic():
        StatusEntry.objects.update(reason="never")
    assert StatusEntry.objects.get().reason == ""


def test_a_stage_is_renamed_in_one_language_and_keeps_its_code(in_acme, alice):
    stage = queries.first_stage(make_pipeline().id)
    actions.rename_stage(stage=stage, label={"en": " Asked "}, actor=alice, now=AT)
    stage.refresh_from_db()
    assert (stage.code, stage.label) == ("invited", {"en": "Asked", "nl": "Uitgenodigd"})
    assert queries.stage_label(stage, "nl") == "Uitgenodigd"


@pytest.mark.parametrize("label", [{}, {"en": ""}, {"xx": "Asked"}, {"en": "x" * 81}])
def test_a_label_that_cannot_be_shown_is_refused(in_acme, alice, label):
    stage = queries.first_stage(make_pipeline().id)
    with pytest.raises(Invalid):
        actions.rename_stage(stage=stage, label=label, actor=alice, now=AT)
    stage.refresh_from_db()
    assert stage.label == STAGES[0]["label"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([stage["code"] for stage in STAGES]), max_size=12), st.booleans())
def test_any_walk_leaves_a_history_that_is_a_path_and_ends_at_the_row(in_acme, walk, explained):
    pipeline = Pipeline.objects.first() or make_pipeline()
    row = make_row(pipeline)
    for code in walk:
        try:
            go(row, code, reason="because" if explained else "")
        except (MoveNotAllowed, ReasonMissing):
            continue
    passages = queries.history("referral", row.id)
    assert rules.is_path(["new", *(passage.to_category for passage in passages)])
    states = ["invited", *(passage.to_state for passage in passages)]
    assert [passage.from_state for passage in passages] == states[:-1]
    row.refresh_from_db()
    assert (row.stage.code, row.category) == (states[-1], row.stage.category)


def test_of_four_at_once_one_wins(committed):
    tenant = committed("race")
    with tenancy.use(tenant.id):
        row = make_row(make_pipeline())
        stages = [
            queries.get_stage(row.stage.pipeline_id, code)
            for code in ("booked", "registered", "paid", "confirmed")
        ]
    outcomes, gate = [], threading.Barrier(4)

    def run(stage: Stage) -> None:
        try:
            with tenancy.use(tenant.id):
                own = type(row).objects.select_related("stage").get(pk=row.pk)
                gate.wait(timeout=20)
                actions.transition(row=own, machine="referral", to_stage=stage, actor=SYSTEM, now=AT)
            outcomes.append(stage.code)
        except StageChanged:
            outcomes.append("lost")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(stage,)) for stage in stages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("lost") == 3
    with tenancy.use(tenant.id):
        row.refresh_from_db()
        assert row.stage.code in outcomes
        assert len(queries.history("referral", row.id)) == 1
