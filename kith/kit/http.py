"""The JSON shapes of `docs/api`: one envelope for answers, lists and errors."""

import datetime
import json
from collections.abc import Iterable
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin
from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import Router, Status
from ninja import Schema as NinjaSchema
from ninja.parser import Parser as NinjaParser
from ninja.renderers import BaseRenderer
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, ConfigDict, create_model

from kith.kit import text
from kith.kit.errors import DomainError, Malformed, WrongType
from kith.kit.models import Job
from kith.kit.money import Money
from kith.kit.pagination import Page


class Schema(NinjaSchema):
    """Base of request and response shapes: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


EARLIEST, LATEST = 1900, 2200


def _written(value: Any) -> Any:
    if isinstance(value, (int, float)):
        raise ValueError(_("Write it as in 2026-06-15 or 2026-06-15T10:00:00Z, not as a number."))
    return value


def _near(value: datetime.datetime) -> datetime.datetime:
    if not EARLIEST <= value.year <= LATEST:
        raise ValueError(_("Write a year from 1900 to 2200."))
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_near)]
"""A time with its offset from UTC, as RFC 3339 has it, in a year that every time zone can still count."""

Day = Annotated[datetime.date, BeforeValidator(_written)]
"""A date, YYYY-MM-DD."""


class MoneyOut(Schema):
    """An amount in whole minor units."""

    amount_minor: int
    currency: str

    @classmethod
    def of(cls, money: Money) -> "MoneyOut":
        """The schema of a Money."""
        return cls(amount_minor=money.amount_minor, currency=money.currency)


class PaginationOut(Schema):
    """Where a list stands; `next` is the cursor of the following page. Reached by cursor, it is not counted."""

    page: int | None
    limit: int
    total: int | None
    pages: int | None
    next: str | None = None
    total_is_capped: bool = False


class ErrorOut(Schema):
    """Every refusal."""

    status: str
    code: str
    message: str
    details: dict[str, Any]
    request_id: str


class JobOut(Schema):
    """Long work: where it stands, what it counted, and the paths of its files below /api/v1, if there are any."""

    id: UUID
    kind: str
    state: Literal["draft", "queued", "running", "succeeded", "failed"]
    done: int
    total: int | None
    counts: dict[str, Any]
    error_code: str
    error_message: str
    errors: str | None
    result: str | None
    created_at: datetime.datetime
    started_at: datetime.datetime | None
    finished_at: datetime.datetime | None

    @classmethod
    def of(cls, row: Job) -> "JobOut":
        """The schema of a job."""
        shown: dict[str, Any] = {name: getattr(row, name, None) for name in cls.model_fields}
        shown["errors"] = f"/jobs/{row.id}/errors" if row.error_file else None
        shown["result"] = f"/jobs/{row.id}/result" if row.result_file else None
        return cls(**shown)


REFUSALS = dict.fromkeys((400, 401, 403, 404, 409, 413, 415, 422, 429, 503), ErrorOut)


class _Envelope(Schema):
    """What every answer but a refusal says first."""

    status: Literal["success"]


@cache
def enveloped(shape: Any) -> type[Schema]:
    """The shape of `ok`, with `shape` as its data: ProgramAnswer for ProgramOut, StageListAnswer for many StageOut."""
    said = "What was asked for, with a message where there is something for people to read."
    fields = {"data": (shape, ...), "message": (str | None, None)}
    return _made(shape, "ListAnswer" if get_origin(shape) is list else "Answer", said, fields)


@cache
def paged(shape: type[Schema]) -> type[Schema]:
    """The shape of `listing` with rows of that shape: ProgramPage for ProgramOut."""
    fields = {"data": (list[shape], ...), "pagination": (PaginationOut, ...)}  # type: ignore[valid-type]
    return _made(shape, "Page", "Rows of a list, and where they stand in it.", fields)


def _made(shape: Any, word: str, said: str, fields: dict[str, Any]) -> type[Schema]:
    inner = next(iter(get_args(shape)), shape)
    name = f"{inner.__name__.removesuffix('Out')}{word}"
    return create_model(name, __base__=_Envelope, __module__=__name__, __doc__=said, **fields)


def answers(shape: Any, *statuses: int) -> dict[int, Any]:
    """The `response=` of an operation: its shape on success plus every refusal the API may give."""
    return {**dict.fromkeys(statuses or (200,), shape), **REFUSALS}


def router(*tags: str) -> Router:
    """A feature's router."""
    return Router(tags=list(tags))


def ok(data: Any, message: str | None = None) -> dict[str, Any]:
    """The envelope of one thing."""
    body: dict[str, Any] = {"status": "success", "data": data}
    if message is not None:
        body["message"] = str(message)
    return body


def created(data: Any, message: str | None = None) -> Status:
    """201 with the thing that was made."""
    return Status(201, ok(data, message))


def accepted(data: Any, message: str | None = None) -> Status:
    """202 with the job that does the work."""
    return Status(202, ok(data, message))


def respond(body: dict[str, Any], status: int = 200) -> HttpResponse:
    """A finished answer, where the view itself must hand one over."""
    return HttpResponse(dumps(body), status=status, content_type="application/json")


def listing(page: Page, rows: Iterable[Any]) -> dict[str, Any]:
    """The envelope of a list."""
    return {"status": "success", "data": list(rows), "pagination": page.as_pagination()}


def refused(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The response for an outcome, with `Retry-After` where the caller should wait."""
    details = error.as_details()
    body = {
        "status": "error",
        "code": error.code,
        "message": error.text,
        "details": details,
        "request_id": getattr(request, "request_id", ""),
    }
    response = respond(body, error.status)
    if "retry_after" in details:
        response["Retry-After"] = str(details["retry_after"])
    return response


def _default(value: Any) -> Any:
    if isinstance(value, Money):
        return value.as_dict()
    if hasattr(value, "model_dump"):
        return value.model_dump()
    return str(value)


def dumps(value: Any) -> bytes:
    """JSON with UTC times as RFC 3339."""
    return orjson.dumps(value, default=_default, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)


class Renderer(BaseRenderer):
    """orjson for every answer of the API."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        """Bytes of the answer."""
        return dumps(data)


class Parser(NinjaParser):
    """Reads bodies strictly: JSON in UTF-8, each name once, and no text or number that no column could hold."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The JSON value. Raises WrongType, and Malformed naming the field."""
        if request.content_type != "application/json":
            raise WrongType(_("Send the body as application/json."))
        return parsed(request.body)

    def parse_querydict(self, data: Any, list_fields: list[str], request: HttpRequest) -> Any:
        """Query, form or files. Raises WrongType for files that are not sent as a form."""
        if data is not request.GET and request.content_type != "multipart/form-data":
            raise WrongType(_("Send the file as multipart/form-data."))
        return super().parse_querydict(data, list_fields, request)


def parsed(body: bytes) -> Any:
    """The JSON value of a body. Raises Malformed naming the field."""
    try:
        found = json.loads(body.decode(), object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise Malformed(fields={"body": _fault(error)}) from None
    return text.cleaned(found)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Malformed(fields={text.named(twice): _("This stands twice in the same object. Send it once.")})
    return found


def _fault(error: Exception) -> Any:
    if isinstance(error, json.JSONDecodeError):
        place = {"line": error.lineno, "column": error.colno}
        return _("This is not JSON from line %(line)s, column %(column)s on.") % place
    if isinstance(error, UnicodeDecodeError):
        return _("This is not UTF-8 from byte %(byte)s on.") % {"byte": error.start}
    return _("This is too deep or too long to be read.")
