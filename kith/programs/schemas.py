"""Shapes of the program API."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.utils.translation import get_language
from pydantic import Field

from kith.kit.http import Moment, MoneyOut, Schema
from kith.kit.money import LARGEST
from kith.programs import queries
from kith.programs.models import Campaign, Program, Rule, RuleVersion, Sponsor
from kith.programs.queries import Budget, RuleLine
from kith.programs.rules import RuleSpec

Slug = Annotated[str, Field(pattern=r"^[-a-zA-Z0-9_]+$", min_length=1, max_length=60)]
Name = Annotated[str, Field(min_length=1, max_length=120)]
Days = Annotated[int, Field(ge=1, le=3650)]
Status = Literal["draft", "live", "paused", "ended"]
Minor = Annotated[int, Field(gt=0, le=LARGEST)]
Texts = dict[str, dict[str, Any]]


class SponsorOut(Schema):
    """Who pays for a program."""

    id: UUID
    code: str
    name: str
    kind: str

    @classmethod
    def of(cls, row: Sponsor) -> "SponsorOut":
        """The shape of a row."""
        return cls(id=row.id, code=row.code, name=row.name, kind=row.kind)


class ProgramOut(Schema):
    """A program."""

    id: UUID
    code: str
    name: str
    status: Status
    is_default: bool
    currency: str
    pipeline_id: UUID
    sponsor: SponsorOut | None
    destination_url: str
    landing: dict[str, Any]
    click_window_days: int
    conversion_window_days: int
    report_window_days: int
    created_at: datetime

    @classmethod
    def of(cls, row: Program) -> "ProgramOut":
        """The shape of a row read with its sponsor."""
        return cls(
            id=row.id, code=row.code, name=row.name, status=row.status, is_default=row.is_default,  # type: ignore[arg-type]
            currency=row.currency, pipeline_id=row.pipeline_id,
            sponsor=SponsorOut.of(row.sponsor) if row.sponsor else None, destination_url=row.destination_url,
            landing=row.landing, click_window_days=row.click_window_days,
            conversion_window_days=row.conversion_window_days, report_window_days=row.report_window_days,
            created_at=row.created_at,
        )  # fmt: skip


class ProgramIn(Schema):
    """A program to set up."""

    code: Slug
    name: Name
    pipeline_id: UUID
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    sponsor_id: UUID | None = None
    is_default: bool = False
    status: Status = "live"
    destination_url: Annotated[str, Field(max_length=200)] = ""
    landing: Texts = {}
    click_window_days: Days = 90
    conversion_window_days: Days = 365
    report_window_days: Annotated[int, Field(ge=0, le=3650)] = 30


class ProgramChanges(Schema):
    """What to change; a field left out stays."""

    name: Name | None = None
    status: Status | None = None
    is_default: bool | None = None
    destination_url: Annotated[str, Field(max_length=200)] | None = None
    landing: Texts | None = None
    click_window_days: Days | None = None
    conversion_window_days: Days | None = None
    report_window_days: Annotated[int, Field(ge=0, le=3650)] | None = None


class CampaignOut(Schema):
    """A campaign."""

    id: UUID
    program_id: UUID
    code: str
    name: str
    status: Status
    starts_at: datetime
    ends_at: datetime | None
    multiplier_bps: int

    @classmethod
    def of(cls, row: Campaign) -> "CampaignOut":
        """The shape of a row."""
        return cls(
            id=row.id, program_id=row.program_id, code=row.code, name=row.name, status=row.status,  # type: ignore[arg-type]
            starts_at=row.starts_at, ends_at=row.ends_at, multiplier_bps=row.multiplier_bps,
        )  # fmt: skip


class CampaignIn(Schema):
    """A campaign to start; `multiplier_bps` of 20000 doubles rewards."""

    code: Slug
    name: Name
    starts_at: Moment
    ends_at: Moment | None = None
    multiplier_bps: Annotated[int, Field(gt=0, le=1_000_000)] = 10_000
    status: Status = "live"


class CampaignChanges(Schema):
    """What to change; a field left out stays."""

    name: Name | None = None
    status: Status | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    multiplier_bps: Annotated[int, Field(gt=0, le=1_000_000)] | None = None


class VersionOut(Schema):
    """What a rule said, and when; `sentence` is in the caller's language."""

    version: int
    status: Literal["draft", "published", "retired"]
    spec: dict[str, Any]
    sentence: str
    valid_from: datetime | None
    valid_to: datetime | None
    published_by: str

    @classmethod
    def of(cls, row: RuleVersion, currency: str) -> "VersionOut":
        """The shape of a row, in words with the program's currency."""
        sentence = queries.describe(RuleSpec.parse(row.spec), get_language() or "en", currency=currency)
        return cls(
            version=row.version, status=row.status, spec=row.spec, sentence=sentence,  # type: ignore[arg-type]
            valid_from=row.valid_from, valid_to=row.valid_to, published_by=row.published_by,
        )  # fmt: skip


class RuleOut(Schema):
    """A rule with its present promise and the one being prepared."""

    id: UUID
    program_id: UUID
    code: str
    name: str
    published: VersionOut | None = None
    draft: VersionOut | None = None

    @classmethod
    def of(cls, line: RuleLine, currency: str) -> "RuleOut":
        """The shape of a rule and its versions."""
        return cls(
            id=line.rule.id, program_id=line.rule.program_id, code=line.rule.code, name=line.rule.name,
            published=VersionOut.of(line.published, currency) if line.published else None,
            draft=VersionOut.of(line.draft, currency) if line.draft else None,
        )  # fmt: skip

    @classmethod
    def new(cls, rule: Rule) -> "RuleOut":
        """The shape of a rule without versions."""
        return cls.of(RuleLine(rule, None, None), "")


class RuleIn(Schema):
    """A rule to add to a program."""

    code: Slug
    name: Name


class VersionIn(Schema):
    """What the rule shall say; see the rules guide for the fields of `spec`."""

    spec: dict[str, Any]


class BudgetOut(Schema):
    """What a program was given, has promised and may still spend (negative when spent without a cap)."""

    is_capped: bool
    funded: MoneyOut
    promised: MoneyOut
    left: MoneyOut

    @classmethod
    def of(cls, found: Budget) -> "BudgetOut":
        """The shape of a budget."""
        return cls(
            is_capped=found.is_capped, funded=MoneyOut.of(found.funded), promised=MoneyOut.of(found.promised),
            left=MoneyOut.of(found.left),
        )  # fmt: skip


class BudgetCapIn(Schema):
    """The most a program may promise in total, in minor units of its currency."""

    hard_cap_minor: Minor


class FundIn(Schema):
    """Money to add; the same `reference` twice adds it once."""

    amount_minor: Minor
    reference: Annotated[str, Field(min_length=1, max_length=100)]
