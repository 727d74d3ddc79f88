"""The travel company's calls under /api/, word for word. Names only; the work is done elsewhere."""

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import File, Query, Status
from ninja.files import UploadedFile

from kith.compat import queries, rules, schemas
from kith.kit import clock, health, idempotency, tenancy
from kith.kit.actors import PUBLIC
from kith.kit.clients import client_address
from kith.kit.errors import Forbidden, NotFound
from kith.kit.http import answers, listing, ok, respond
from kith.kit.http import router as make_router
from kith.participants import actions as participants
from kith.participants import queries as people
from kith.referrals import access as referral_access
from kith.referrals import actions as referral_actions
from kith.referrals import queries as referral_queries
from kith.rewards import actions as rewards
from kith.tenants import actions as tenants
from kith.tenants.access import public, requires

EXPORTS = {"customers": "participants.export", "referrals": "referrals.export"}

router = make_router("older calls of the travel company")

Days = Annotated[int, Query(alias="period", ge=1, le=1096)]
Format = Literal["csv", "json"]


@router.get("/health", auth=None, response={200: schemas.Envelope, 503: schemas.Envelope})
@public("monitoring has no account; it shows ages and counts only")
def health_check(request: HttpRequest) -> Any:
    """Database, disk, migrations, worker heartbeat, outbox age. 503 while requests cannot be served."""
    found = health.examine()
    data = {
        "healthy": found.well,
        "ready": found.ready,
        "database": "up" if found.database else "down",
        "disk": "full" if found.disk_full else "free",
        "migrations_pending": found.migrations_pending,
        "worker_seconds": found.worker_age,
        "scheduler_seconds": found.scheduler_age,
        "outbox_seconds": found.outbox_age,
    }
    body = {"status": "success" if found.ready else "error", "data": data}
    return Status(200 if found.ready else 503, body)


@router.post("/auth/login", auth=None, response=answers(schemas.Envelope))
@public("this is where people sign in; failures are limited per address and account")
def login(request: HttpRequest, body: schemas.LoginIn) -> Any:
    """A token for the other calls."""
    pair, seat, user = tenants.sign_in(
        username=body.username,
        password=body.password,
        tenant_slug=body.tenant,
        second_factor=body.second_factor,
        address=client_address(request),
        now=clock.now(),
    )
    return ok(
        {
            "token": pair.access,
            "refresh_token": pair.refresh,
            "expires_in": pair.expires_in,
            "user": {"id": str(user.id), "username": user.username, "name": user.name, "role": seat.role},
        }
    )


@router.get("/customers", response=answers(schemas.ListEnvelope))
@requires("participants.view")
def customer_list(request: HttpRequest, page: int = 1, limit: int = 20, search: str = "") -> Any:
    """Customers, newest first."""
    found = people.participant_list(search=search, page=page, limit=limit)
    return listing(found, [queries.customer(row) for row in found.items])


@router.post("/customers", response=answers(schemas.Envelope, 201))
@requires("participants.edit")
def customer_create(request: Any, body: schemas.CustomerIn) -> Any:
    """A new customer with a code."""
    row = participants.create_participant(
        name=body.name,
        email=body.email,
        external_id=body.bebsy_customer_id,
        phone=body.phone,
        source="api",
        actor=request.actor,
        now=clock.now(),
    )
    return Status(201, ok(queries.customer(row)))


@router.post("/customers/import", response=answers(schemas.Envelope, 202))
@requires("participants.import")
def customer_import(request: Any, file: Annotated[UploadedFile, File()]) -> Any:
    """Take a CSV in; the work is a job whose progress is at /api/v1/jobs/{id}. Bad rows are left out and listed."""
    job = participants.request_import(file=file, mode="skip-bad-rows", actor=request.actor, now=clock.now())
    data = {"job_id": str(job.id), "state": job.state, "url": f"/api/v1/jobs/{job.id}"}
    return Status(202, ok(data, _("The file is being imported.")))


@router.post("/referrals", auth=None, response=answers(schemas.Envelope, 201))
@public("the booking site posts here without an account; limited per address")
def referral_create(request: HttpRequest, body: schemas.ReferralIn) -> Any:
    """A referral by code, e-mail and booking reference, in the organization of the code."""
    located = referral_queries.locate_code(body.referrer_code)
    if located is None:
        raise referral_actions.CodeUnknown

    def run() -> HttpResponse:
        row = referral_actions.create_referral(
            code=body.referrer_code,
            email=body.new_customer_email,
            name=body.new_customer_name,
            booking_reference=body.booking_reference,
            source="api",
            actor=PUBLIC,
            now=clock.now(),
        )
        status = rules.STATUS_OF[row.category]
        return respond(
            ok({"id": str(row.id), "status": status, "booking_reference": row.booking_reference}), 201
        )

    with tenancy.use(located.tenant_id, actor=PUBLIC):
        return idempotency.once(request, run)


@router.put("/referrals/{referral_id}/status", response=answers(schemas.Envelope))
@requires("rewards.approve")
def referral_status(request: Any, referral_id: UUID, body: schemas.StatusIn) -> Any:
    """Approve, reject or move one referral."""
    _change_one(referral_id, body, request.actor)
    return ok(queries.referrals([referral_queries.get_referral(referral_id)])[0])


def _change_one(referral_id: UUID, body: schemas.StatusIn, actor: Any) -> None:
    if body.status == rules.APPROVED:
        rewards.approve_referral(referral_id=referral_id, actor=actor, now=clock.now())
    elif body.status == rules.REJECTED:
        reason = body.reason or _("Rejected")
        rewards.reject_referral(referral_id=referral_id, reason=reason, actor=actor, now=clock.now())
    else:
        row = referral_access.referral(actor, referral_id)
        category = rules.CATEGORY_OF[body.status]
        referral_actions.move_referral(
            referral=row, to_category=category, reason=body.reason, actor=actor, now=clock.now()
        )


@router.post("/referrals/bulk-update", response=answers(schemas.Envelope))
@requires("rewards.approve")
def referral_bulk(request: Any, body: schemas.BulkIn) -> Any:
    """Approve, reject or move up to 1,000 referrals; each row says how it went."""
    results = _change(body.referral_ids, body.status, body.reason, request.actor)
    rows = [
        {"id": str(row.id), "ok": row.ok, "code": row.code, "message": str(row.message)} for row in results
    ]
    return ok({"updated": sum(row.ok for row in results), "results": rows})


def _change(ids: list[UUID], status: str, reason: str, actor: Any) -> Any:
    if status == rules.APPROVED:
        return rewards.approve_referrals(referral_ids=ids, actor=actor, now=clock.now())
    if status == rules.REJECTED:
        reason = reason or _("Rejected")
        return rewards.reject_referrals(referral_ids=ids, reason=reason, actor=actor, now=clock.now())
    return referral_actions.move_referrals(
        ids, to_category=rules.CATEGORY_OF[status], reason=reason, actor=actor, now=clock.now()
    )


@router.get("/dashboard/stats", response=answers(schemas.Envelope))
@requires("analytics.view")
def dashboard_stats(request: HttpRequest, days: Days = 30) -> Any:
    """The dashboard's figures of a period in days."""
    return ok(queries.dashboard_stats(days))


@router.get("/analytics/conversion-rate", response=answers(schemas.Envelope))
@requires("analytics.view")
def conversion_rate(request: HttpRequest, days: Days = 90) -> Any:
    """Approved per referral, in percent."""
    return ok(queries.conversion_rate(days))


@router.get("/analytics/revenue-impact", response=answers(schemas.Envelope))
@requires("analytics.view")
def revenue_impact(request: HttpRequest, days: Days = 365) -> Any:
    """What the program brought and cost."""
    return ok(queries.revenue_impact(days))


@router.get("/export/{what}", response=answers(schemas.ListEnvelope))
@requires("participants.export")
def export(request: Any, what: str, format: Format = "json") -> Any:
    """Everything of one kind, `customers` or `referrals`, as CSV or JSON."""
    sources = {
        "customers": (queries.CUSTOMER_COLUMNS, queries.all_customers),
        "referrals": (queries.REFERRAL_COLUMNS, queries.all_referrals),
    }
    if what not in sources:
        raise NotFound
    needed = EXPORTS[what]
    if not request.actor.may(needed):
        raise Forbidden(permission=needed)
    columns, rows = sources[what]
    if format == "csv":
        response = HttpResponse(queries.as_csv(columns, rows()), content_type="text/csv; charset=utf-8")
    else:
        response = HttpResponse(queries.as_json(rows()), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{what}.{format}"'
    return response
