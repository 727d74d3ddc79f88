"""The referral API: referrals, links, codes, conversions."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Status

from kith.kit import clock, idempotency, pagination, tenancy
from kith.kit.actors import PUBLIC
from kith.kit.errors import NotFound
from kith.kit.http import JobOut, accepted, answers, created, enveloped, listing, ok, paged, respond
from kith.kit.http import router as make_router
from kith.participants import access as people
from kith.referrals import access, actions, queries, schemas
from kith.tenants.access import public, requires

router = make_router("referrals")


# --- referrals ----------------------------------------------------------------------------------------


@router.get("/referrals", response=answers(paged(schemas.ReferralOut)), summary="List referrals")
@requires("referrals.view")
def referral_list(
    request: HttpRequest,
    filters: Query[schemas.ReferralFilter],
    page: int = 1,
    limit: int = 20,
    cursor: str | None = None,
) -> dict[str, Any]:
    """Newest first; `search` finds parts of name, e-mail, booking reference and code."""
    rows = queries.referral_list(**filters.arguments())
    found = pagination.listed(rows, order=queries.NEWEST, page=page, limit=limit, cursor=cursor)
    return listing(found, [schemas.ReferralOut.of(row) for row in found.items])


@router.post(
    "/referrals", response=answers(enveloped(schemas.ReferralDetailOut), 201), summary="Create a referral"
)
@requires("referrals.create")
def referral_create(request: Any, body: schemas.ReferralIn) -> Status:
    """Record that the owner of a code referred somebody."""
    program = access.program(body.program)
    made = actions.create_referral(
        **body.details(), program=program, campaign=access.campaign(body.campaign, program), source="api",
        actor=request.actor, now=clock.now(),
    )  # fmt: skip
    return created(_detail(request, made.id), _("The referral was recorded."))


@router.post(
    "/public/referrals",
    auth=None,
    response=answers(enveloped(schemas.PublicReferralOut), 201),
    summary="Refer, signed out",
)
@public("the referred person or a booking form gives code, e-mail and booking reference; limited per address")
def referral_create_public(request: HttpRequest, body: schemas.PublicReferralIn) -> HttpResponse:
    """Record a referral for whichever organization the code belongs to."""
    located = queries.locate_code(body.code)
    if located is None:
        raise actions.CodeUnknown

    def run() -> HttpResponse:
        made = actions.create_referral(**body.details(), source="public", actor=PUBLIC, now=clock.now())
        shown = {"id": made.id, "category": made.category, "created_at": made.created_at}
        return respond(ok(shown, _("Thank you. The referral was recorded.")), 201)

    with tenancy.use(located.tenant_id, actor=PUBLIC):
        return idempotency.once(request, run)


@router.get(
    "/referrals/{uuid:referral_id}",
    response=answers(enveloped(schemas.ReferralDetailOut)),
    summary="Show a referral",
)
@requires("referrals.view")
def referral_show(request: HttpRequest, referral_id: UUID) -> dict[str, Any]:
    """A referral with its history, conversions and notes."""
    return ok(_detail(request, referral_id))


def _detail(request: Any, referral_id: UUID) -> schemas.ReferralDetailOut:
    return schemas.ReferralDetailOut.of_detail(queries.detail(access.referral(request.actor, referral_id)))


@router.post(
    "/referrals/{uuid:referral_id}/move",
    response=answers(enveloped(schemas.ReferralDetailOut)),
    summary="Move a referral",
)
@requires("referrals.move")
def referral_move(request: Any, referral_id: UUID, body: schemas.MoveIn) -> dict[str, Any]:
    """To a stage, or to the first stage of a category."""
    actions.move_referral(
        referral=access.referral(request.actor, referral_id), to_stage=body.stage or None,
        to_category=body.category or "", reason=body.reason, actor=request.actor, now=clock.now(),
    )  # fmt: skip
    return ok(_detail(request, referral_id), _("The referral was moved."))


@router.post(
    "/referrals/move",
    response=answers(enveloped(list[schemas.ReferralRowOut])),
    summary="Move many referrals",
)
@requires("referrals.move")
def referrals_move(request: Any, body: schemas.MovesIn) -> dict[str, Any]:
    """Up to 1,000; each row succeeds or is refused for itself."""
    results = actions.move_referrals(
        body.ids, to_stage=body.stage, to_category=body.category or "", reason=body.reason, actor=request.actor,
        now=clock.now(),
    )  # fmt: skip
    return ok(
        [schemas.ReferralRowOut(id=row.id, ok=row.ok, code=row.code, message=row.message) for row in results]
    )


@router.post(
    "/referrals/{uuid:referral_id}/notes",
    response=answers(enveloped(schemas.NoteOut), 201),
    summary="Write a note",
)
@requires("referrals.move")
def note_create(request: Any, referral_id: UUID, body: schemas.NoteIn) -> Status:
    """Internal notes are for staff; public ones may be read by the participant."""
    note = actions.add_note(
        referral=access.referral(request.actor, referral_id), text=body.text, visibility=body.visibility,
        actor=request.actor, now=clock.now(),
    )  # fmt: skip
    return created(schemas.NoteOut.of(queries.read_note(note)), _("The note was saved."))


@router.post("/referrals/export", response=answers(enveloped(JobOut), 202), summary="Export referrals")
@requires("referrals.export")
def referral_export(request: Any, body: schemas.ExportIn) -> Status:
    """A file of all referrals that fit, made by a job."""
    job = actions.request_export(**body.model_dump(), actor=request.actor, now=clock.now())
    return accepted(JobOut.of(job))


# --- links and codes ----------------------------------------------------------------------------------


@router.get("/links", response=answers(paged(schemas.LinkOut)), summary="List links")
@requires("referrals.view")
def link_list(
    request: HttpRequest, participant_id: UUID | None = None, page: int = 1, limit: int = 20
) -> dict[str, Any]:
    """Further addresses besides the personal codes, newest first."""
    found = pagination.paginate(queries.link_list(participant_id=participant_id), page=page, limit=limit)
    return listing(found, [schemas.LinkOut.of(row) for row in found.items])


@router.post("/links", response=answers(enveloped(schemas.LinkOut), 201), summary="Make a link")
@requires("referrals.create")
def link_create(request: Any, body: schemas.LinkIn) -> Status:
    """A further address of a participant, for a program, campaign or channel."""
    program = access.program(body.program)
    link = actions.create_link(
        participant=people.participant(request.actor, body.participant_id), program=program,
        campaign=access.campaign(body.campaign, program), slug=body.slug, destination_url=body.destination_url,
        utm=body.utm.model_dump(), actor=request.actor, now=clock.now(),
    )  # fmt: skip
    return created(schemas.LinkOut.of(link), _("The link was made."))


@router.patch(
    "/links/{uuid:link_id}", response=answers(enveloped(schemas.LinkOut)), summary="Switch a link off or on"
)
@requires("referrals.create")
def link_change(request: Any, link_id: UUID, body: schemas.LinkPatch) -> dict[str, Any]:
    """A link that is off is unknown to whoever opens it."""
    link = actions.set_link_active(
        link=access.link(request.actor, link_id), active=body.active, actor=request.actor, now=clock.now()
    )
    return ok(schemas.LinkOut.of(link), _("The link was changed."))


@router.get("/codes/{code}", response=answers(enveloped(schemas.CodeOut)), summary="Look up a code")
@requires("referrals.view")
def code_show(request: HttpRequest, code: str) -> dict[str, Any]:
    """Who a code or link of the organization stands for, however it is written."""
    found = queries.sender(code)
    if found is None:
        raise actions.CodeUnknown
    return ok(schemas.CodeOut.of(found))


# --- conversions --------------------------------------------------------------------------------------


@router.post(
    "/conversions",
    response=answers(enveloped(schemas.ConversionOut), 200, 201),
    summary="Report a conversion",
)
@requires("referrals.create")
def conversion_create(request: Any, body: schemas.ConversionIn) -> Status:
    """201 for a new event, 200 when the same was reported before."""
    referral = queries.find_referral(referral_id=body.referral_id, click_id=body.rid, email=body.email)
    if referral is None:
        raise NotFound
    now = clock.now()
    row = actions.record_conversion(
        referral=referral, event=body.event, external_id=body.external_id,
        amount=body.amount.money() if body.amount else None, occurred_at=body.occurred_at,
        effective_on=body.effective_on, source="api", actor=request.actor, now=now,
    )  # fmt: skip
    answer = ok(schemas.ConversionOut.of(row), _("The conversion was recorded."))
    return Status(201 if row.received_at == now else 200, answer)


@router.post(
    "/conversions/{event}/{external_id}/refund",
    response=answers(enveloped(schemas.ConversionOut)),
    summary="Refund a part",
)
@requires("referrals.create")
def conversion_refund(request: Any, event: str, external_id: str, body: schemas.RefundIn) -> dict[str, Any]:
    """Parts add up; the same refund reported again changes nothing."""
    row = actions.refund_conversion(
        conversion=access.conversion(event, external_id), amount=body.amount.money(), external_id=body.external_id,
        reason=body.reason, actor=request.actor, now=clock.now(),
    )  # fmt: skip
    return ok(schemas.ConversionOut.of(row), _("The refund was recorded."))


@router.post(
    "/conversions/{event}/{external_id}/cancel",
    response=answers(enveloped(schemas.ConversionOut)),
    summary="Cancel",
)
@requires("referrals.create")
def conversion_cancel(
    request: Any, event: str, external_id: str, body: schemas.ConversionCancelIn
) -> dict[str, Any]:
    """The event did not happen after all."""
    row = actions.cancel_conversion(
        conversion=access.conversion(event, external_id), external_id=body.external_id, reason=body.reason,
        actor=request.actor, now=clock.now(),
    )  # fmt: skip
    return ok(schemas.ConversionOut.of(row), _("The conversion was cancelled."))
