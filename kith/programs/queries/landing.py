"""Landing pages as they are shown, and their versions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kith.programs import rules
from kith.programs.models import Campaign, LandingVersion, Program, VersionStatus
from kith.programs.queries.offers import Offer, offer
from kith.tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Landing:
    """What a landing page shows in one language."""

    organization: str
    referrer: str
    words: rules.Wording
    offer: Offer
    picture_url: str

    @property
    def parts(self) -> list[str]:
        """The templates of the blocks below the top, in order, as far as there is something to show."""
        there = {
            "form": not self.form_first, "steps": bool(self.words.steps), "questions": bool(self.words.questions),
            "legal": bool(self.words.texts["legal"]), "reward": bool(self.offer.earnings),
        }  # fmt: skip
        return [f"programs/landing/_{block}.html" for block in self.words.blocks if there.get(block)]

    @property
    def earnings(self) -> list[dict[str, Any]]:
        """What the offer comes to, in sentences."""
        return [
            {"sentence": each.sentence(self.referrer), "notes": each.notes()} for each in self.offer.earnings
        ]

    @property
    def form_first(self) -> bool:
        """Whether the form stands beside the hero rather than further down."""
        return self.words.blocks[1] == "form"


def usual_words(organization: str) -> dict[str, str]:
    """What a page says where nothing is written, in the active language; an example of it where names differ."""
    who = {"who": "Sanne", "organization": organization}
    return {
        "title": _("%(who)s invites you to %(organization)s") % who,
        "text": _(
            "%(who)s is happy with %(organization)s and thinks that you will be, too. Leave your details and we do"
            " the rest."
        ) % who,
        "form_title": _("Leave your details"), "button": _("Count me in"), "steps_title": _("How it works"),
        "consent": _("%(organization)s may use these details to handle this referral.") % who,
        "reward_title": _("What you both get"), "questions_title": _("Good to know"),
    }  # fmt: skip


def languages(tenant: Tenant) -> list[str]:
    """The languages an organization writes in, its own first."""
    chosen = tenant.languages or [code for code, _name in settings.LANGUAGES]
    return [tenant.locale, *(code for code in chosen if code != tenant.locale)]


def landing(
    program: Program,
    tenant: Tenant,
    *,
    at: datetime,
    referrer: str = "",
    campaign: Campaign | None = None,
    content: Mapping[str, Any] | None = None,
) -> Landing:
    """The program's landing page in the active language: the published one, or `content`."""
    order = (get_language() or "", tenant.locale, "en")
    words = rules.wording(program.landing if content is None else content, order)
    address = reverse("programs:picture", args=[tenant.slug, words.picture]) if words.picture else ""
    return Landing(tenant.name, referrer, words, offer(program, at=at, campaign=campaign), address)


def draft(program: Program) -> LandingVersion | None:
    """The version that is being written; None when there is none."""
    found: LandingVersion | None = LandingVersion.objects.filter(
        program=program, status=VersionStatus.DRAFT
    ).first()
    return found


def written(program: Program) -> Mapping[str, Any]:
    """What the editor shows: the draft, or else what is published."""
    being_written = draft(program)
    content: Mapping[str, Any] = program.landing if being_written is None else being_written.content
    return content


def landing_versions(program: Program) -> QuerySet[LandingVersion]:
    """Every version that was published, newest first."""
    found: QuerySet[LandingVersion] = LandingVersion.objects.filter(program=program)
    return found.exclude(status=VersionStatus.DRAFT).order_by("-number")


def landing_number(program_id: UUID) -> int:
    """The number of the published version; 0 when none was published yet."""
    found = LandingVersion.objects.filter(program_id=program_id, status=VersionStatus.PUBLISHED)
    return found.values_list("number", flat=True).first() or 0
