"""The program API."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from kith.kit import clock, pagination
from kith.kit.http import answers, created, enveloped, listing, ok, paged
from kith.kit.http import router as make_router
from kith.kit.money import Money
from kith.pipelines import access as pipelines
from kith.programs import access, actions, queries
from kith.programs import schemas as shapes
from kith.tenants.access import requires

router = make_router("programs")


@router.get("/programs", response=answers(paged(shapes.ProgramOut)), summary="List programs")
@requires("programs.view")
def program_list(
    request: Any, page: int = 1, limit: int = 20, status: shapes.Status | None = None, search: str = ""
) -> dict[str, Any]:
    """Programs, newest first."""
    found = pagination.paginate(queries.programs(status=status or "", search=search), page=page, limit=limit)
    return listing(found, [shapes.ProgramOut.of(row) for row in found.items])


@router.post("/programs", response=answers(enveloped(shapes.ProgramOut), 201), summary="Set up a program")
@requires("programs.edit")
def program_create(request: Any, body: shapes.ProgramIn) -> Any:
    """Set up a program; its budget has no cap until one is given."""
    values = body.model_dump(exclude={"pipeline_id", "sponsor_id"})
    made = actions.create_program(
        **values, pipeline=pipelines.pipeline(body.pipeline_id), actor=request.actor, now=clock.now(),
        sponsor=access.sponsor(body.sponsor_id) if body.sponsor_id else None,
    )  # fmt: skip
    return created(shapes.ProgramOut.of(made), _("The program was set up."))


@router.get(
    "/programs/{uuid:program_id}", response=answers(enveloped(shapes.ProgramOut)), summary="Show a program"
)
@requires("programs.view")
def program_detail(request: Any, program_id: UUID) -> dict[str, Any]:
    """One program."""
    return ok(shapes.ProgramOut.of(access.program(program_id)))


@router.patch(
    "/programs/{uuid:program_id}", response=answers(enveloped(shapes.ProgramOut)), summary="Change a program"
)
@requires("programs.edit")
def program_change(request: Any, program_id: UUID, body: shapes.ProgramChanges) -> dict[str, Any]:
    """Change what is given."""
    changes = body.model_dump(exclude_none=True)
    changed = actions.update_program(
        program=access.program(program_id), changes=changes, actor=request.actor, now=clock.now()
    )
    return ok(shapes.ProgramOut.of(changed), _("The program was changed."))


@router.get(
    "/programs/{uuid:program_id}/campaigns",
    response=answers(paged(shapes.CampaignOut)),
    summary="List campaigns",
)
@requires("programs.view")
def campaign_list(request: Any, program_id: UUID, page: int = 1, limit: int = 20) -> dict[str, Any]:
    """The program's campaigns, the latest start first."""
    program = access.program(program_id)
    found = pagination.paginate(queries.campaigns(program.id), page=page, limit=limit)
    return listing(found, [shapes.CampaignOut.of(row) for row in found.items])


@router.post(
    "/programs/{uuid:program_id}/campaigns",
    response=answers(enveloped(shapes.CampaignOut), 201),
    summary="Start a campaign",
)
@requires("programs.edit")
def campaign_create(request: Any, program_id: UUID, body: shapes.CampaignIn) -> Any:
    """Start a time-boxed push within a program."""
    made = actions.create_campaign(
        program=access.program(program_id), **body.model_dump(), actor=request.actor, now=clock.now()
    )
    return created(shapes.CampaignOut.of(made), _("The campaign was set up."))


@router.patch(
    "/campaigns/{uuid:campaign_id}",
    response=answers(enveloped(shapes.CampaignOut)),
    summary="Change a campaign",
)
@requires("programs.edit")
def campaign_change(request: Any, campaign_id: UUID, body: shapes.CampaignChanges) -> dict[str, Any]:
    """Change what is given."""
    changes = body.model_dump(exclude_none=True)
    changed = actions.update_campaign(
        campaign=access.campaign(campaign_id), changes=changes, actor=request.actor, now=clock.now()
    )
    return ok(shapes.CampaignOut.of(changed), _("The campaign was changed."))


@router.get(
    "/programs/{uuid:program_id}/rules",
    response=answers(enveloped(list[shapes.RuleOut])),
    summary="List rules",
)
@requires("programs.view")
def rule_list(request: Any, program_id: UUID) -> dict[str, Any]:
    """The program's rules with what they promise and what is being prepared."""
    program = access.program(program_id)
    return ok([shapes.RuleOut.of(line, program.currency) for line in queries.rule_lines(program.id)])


@router.post(
    "/programs/{uuid:program_id}/rules",
    response=answers(enveloped(shapes.RuleOut), 201),
    summary="Add a rule",
)
@requires("programs.edit")
def rule_create(request: Any, program_id: UUID, body: shapes.RuleIn) -> Any:
    """Add a rule, which promises nothing until a version is published."""
    made = actions.create_rule(
        program=access.program(program_id),
        code=body.code,
        name=body.name,
        actor=request.actor,
        now=clock.now(),
    )
    return created(shapes.RuleOut.new(made), _("The rule was added."))


@router.get(
    "/rules/{uuid:rule_id}/versions", response=answers(paged(shapes.VersionOut)), summary="List versions"
)
@requires("programs.view")
def version_list(request: Any, rule_id: UUID, page: int = 1, limit: int = 20) -> dict[str, Any]:
    """Everything a rule ever said, newest first."""
    rule = access.rule(rule_id)
    found = pagination.paginate(queries.versions(rule.id), page=page, limit=limit)
    return listing(found, [shapes.VersionOut.of(row, rule.program.currency) for row in found.items])


@router.post(
    "/rules/{uuid:rule_id}/versions",
    response=answers(enveloped(shapes.VersionOut), 201),
    summary="Draft a version",
)
@requires("programs.edit")
def version_draft(request: Any, rule_id: UUID, body: shapes.VersionIn) -> Any:
    """Write what the rule shall say; an unpublished draft is overwritten."""
    rule = access.rule(rule_id)
    draft = actions.draft_version(rule=rule, spec=body.spec, actor=request.actor, now=clock.now())
    return created(shapes.VersionOut.of(draft, rule.program.currency))


@router.post(
    "/rules/{uuid:rule_id}/versions/{int:number}/publish",
    response=answers(enveloped(shapes.VersionOut)),
    summary="Publish a version",
)
@requires("programs.edit")
def version_publish(request: Any, rule_id: UUID, number: int) -> dict[str, Any]:
    """Promise a draft from now on; it can then no longer change."""
    version = access.version(rule_id, number)
    published = actions.publish_version(version=version, actor=request.actor, now=clock.now())
    return ok(shapes.VersionOut.of(published, version.rule.program.currency), _("The rule is in force."))


@router.post(
    "/rules/{uuid:rule_id}/versions/{int:number}/retire",
    response=answers(enveloped(shapes.VersionOut)),
    summary="Retire a version",
)
@requires("programs.edit")
def version_retire(request: Any, rule_id: UUID, number: int) -> dict[str, Any]:
    """Promise it no longer; what was earned stays earned."""
    version = access.version(rule_id, number)
    retired = actions.retire_version(version=version, actor=request.actor, now=clock.now())
    return ok(
        shapes.VersionOut.of(retired, version.rule.program.currency), _("The rule is no longer in force.")
    )


@router.get(
    "/programs/{uuid:program_id}/budget",
    response=answers(enveloped(shapes.BudgetOut | None)),
    summary="Show the budget",
)
@requires("programs.view")
def budget_detail(request: Any, program_id: UUID) -> dict[str, Any]:
    """What the program was given, has promised and may still spend."""
    found = queries.budget(access.program(program_id))
    return ok(shapes.BudgetOut.of(found) if found else None)


@router.put(
    "/programs/{uuid:program_id}/budget",
    response=answers(enveloped(shapes.BudgetOut | None)),
    summary="Cap the budget",
)
@requires("programs.edit")
def budget_cap(request: Any, program_id: UUID, body: shapes.BudgetCapIn) -> dict[str, Any]:
    """Give the program a hard cap; rewards beyond it are not granted."""
    program = access.program(program_id)
    cap = Money(body.hard_cap_minor, program.currency)
    actions.open_budget(program=program, hard_cap=cap, actor=request.actor, now=clock.now())
    return _budget_answer(program)


@router.post(
    "/programs/{uuid:program_id}/budget/fund",
    response=answers(enveloped(shapes.BudgetOut | None)),
    summary="Add to the budget",
)
@requires("programs.edit")
def budget_fund(request: Any, program_id: UUID, body: shapes.FundIn) -> dict[str, Any]:
    """Let the program spend more."""
    program = access.program(program_id)
    amount = Money(body.amount_minor, program.currency)
    actions.fund_budget(
        program=program, amount=amount, key=body.reference, actor=request.actor, now=clock.now()
    )
    return _budget_answer(program)


def _budget_answer(program: Any) -> dict[str, Any]:
    found = queries.budget(program)
    return ok(shapes.BudgetOut.of(found) if found else None)
