"""Programs as the console shows them: what each promises, spends and runs."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q
from django.utils.translation import get_language

from kith.kit.money import Money
from kith.ledger.models import Account
from kith.pipelines import queries as pipelines
from kith.pipelines.models import Stage
from kith.programs import rules
from kith.programs.models import (
    Campaign,
    LandingVersion,
    Program,
    ProgramStatus,
    Rule,
    RuleVersion,
    VersionStatus,
)
from kith.programs.queries.schemes import Budget, budget, campaigns, describe, rule_lines, rules_of, versions
from kith.programs.rules import RuleSpec
from kith.tenants.queries import current_tenant, label


@dataclass(frozen=True, slots=True)
class ProgramLine:
    """One program of the list; `left` is None without a cap."""

    program: Program
    promises: list[str]
    left: Money | None
    running: int


def program_lines(rows: list[Program], *, at: datetime) -> list[ProgramLine]:
    """What belongs to some programs, in three statements however many they are."""
    ids = [row.id for row in rows]
    present = RuleVersion.objects.filter(
        rule__program_id__in=ids, rule__archived_at=None, status=VersionStatus.PUBLISHED
    ).select_related("rule")
    promises: dict[UUID, list[RuleVersion]] = defaultdict(list)
    for version in present.order_by("rule__code"):
        promises[version.rule.program_id].append(version)
    accounts = Account.objects.filter(kind="budget", owner_id__in=ids, floor__isnull=False)
    left = {account.owner_id: account.money for account in accounts}
    is_running = Q(status=ProgramStatus.LIVE, starts_at__lte=at) & (Q(ends_at=None) | Q(ends_at__gt=at))
    counted = Campaign.objects.filter(is_running, program_id__in=ids).values_list("program_id")
    running = dict(counted.annotate(n=Count("id")).order_by())
    words = _words(rows)
    return [
        ProgramLine(
            row, [_sentence(version, row, words) for version in promises[row.id]], left.get(row.id),
            running.get(row.id, 0),
        )
        for row in rows
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reward:
    """A rule with what it promises now, in words; empty when it promises nothing."""

    id: UUID
    name: str
    sentence: str
    amount: Money | None
    version: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class CampaignLine:
    """A campaign and how it stands: planned, running, paused or ended."""

    campaign: Campaign
    state: str

    @property
    def times(self) -> str:
        """By how much rewards are multiplied, without needless zeros."""
        whole, rest = divmod(self.campaign.multiplier_bps, 10_000)
        return f"{whole}.{rest:04}".rstrip("0").rstrip(".")


@dataclass(frozen=True, slots=True)
class ProgramFile:
    """A program and everything about it."""

    program: Program
    rewards: list[Reward]
    budget: Budget | None
    campaigns: list[CampaignLine]
    has_draft: bool


def program_file(program: Program, *, at: datetime) -> ProgramFile:
    """What belongs to one program, in a handful of statements."""
    words = _words([program])
    rewards = [
        Reward(
            line.rule.id, line.rule.name, _sentence(line.published, program, words) if line.published else "",
            Money(line.published.spec["fixed_minor"], program.currency) if line.published else None,
            line.published.version if line.published else 0, line.published.valid_from if line.published else None,
        )
        for line in rule_lines(program.id)
    ]  # fmt: skip
    shown = [CampaignLine(row, campaign_state(row, at)) for row in campaigns(program.id)[:50]]
    has_draft = LandingVersion.objects.filter(program=program, status=VersionStatus.DRAFT).exists()
    return ProgramFile(program, rewards, budget(program), shown, has_draft)


def campaign_state(campaign: Campaign, at: datetime) -> str:
    """planned, running, paused or ended; what is not live does not take part."""
    if rules.is_running(campaign.status, campaign.starts_at, campaign.ends_at, at):
        return "running"
    if campaign.status in (ProgramStatus.ENDED, ProgramStatus.PAUSED):
        return str(campaign.status)
    return "planned" if campaign.starts_at > at or campaign.status == ProgramStatus.DRAFT else "ended"


def present_spec(rule_id: UUID) -> RuleSpec | None:
    """What a rule promises now; None when it promises nothing."""
    found = RuleVersion.objects.filter(rule_id=rule_id, status=VersionStatus.PUBLISHED).first()
    return RuleSpec.parse(found.spec) if found else None


@dataclass(frozen=True, slots=True)
class ToldVersion:
    """What a rule said, from when to when."""

    version: int
    sentence: str
    valid_from: datetime | None
    valid_to: datetime | None


def told_versions(rule: Rule, program: Program) -> list[ToldVersion]:
    """The last versions of a rule that were published, newest first, in words."""
    rows = versions(rule.id).exclude(status=VersionStatus.DRAFT)[:20]
    words = _words([program])
    return [
        ToldVersion(row.version, _sentence(row, program, words), row.valid_from, row.valid_to) for row in rows
    ]


def stages_to_promise(program: Program) -> list[tuple[str, str]]:
    """(category, the organization's word) of each step of the program at which a rule may promise something."""
    locale = get_language() or "en"
    found: dict[str, str] = {}
    for stage in pipelines.stages(program.pipeline_id):
        if stage.category in rules.PROMISING:
            found.setdefault(stage.category, pipelines.stage_label(stage, locale))
    return list(found.items())


def rule_words(program: Program) -> dict[str, str]:
    """The name of each rule of a program by its code, and the organization's word for what rules wait for."""
    names = dict(rules_of(program.id).values_list("code", "name"))
    return {trigger: word for (_pipeline, trigger), word in _words([program]).items()} | names


def _words(programs: list[Program]) -> dict[tuple[UUID | None, str], str]:
    """(pipeline or None, what a rule waits for) -> the organization's word for it, in two statements."""
    locale = get_language() or "en"
    found: dict[tuple[UUID | None, str], str] = {}
    own = label(current_tenant(), "conversion", locale, "")
    found |= {(None, f"conversion:{event}"): own for event in rules.USUAL_RESULTS if own}
    rows = Stage.objects.filter(pipeline_id__in={row.pipeline_id for row in programs}).order_by("position")
    for stage in rows:
        found.setdefault(
            (stage.pipeline_id, f"stage.entered:{stage.category}"), pipelines.stage_label(stage, locale)
        )
    return found


def _sentence(version: RuleVersion, program: Program, words: dict[tuple[UUID | None, str], str]) -> str:
    spec = RuleSpec.parse(version.spec)
    word = words.get((None, spec.trigger)) or words.get((program.pipeline_id, spec.trigger), "")
    return describe(spec, get_language() or "en", currency=program.currency, word=word)
