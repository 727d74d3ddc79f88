"""Further addresses of a participant."""

import datetime
from collections.abc import Mapping

from django.db import IntegrityError, transaction

from kith.kit import codes, web
from kith.kit.actors import Actor
from kith.participants.models import Participant
from kith.programs.models import Campaign, Program
from kith.referrals import queries, rules
from kith.referrals.actions.refusals import (
    DestinationNotAllowed,
    ProgramNotLive,
    SlugNotAllowed,
    SlugTaken,
    is_about,
)
from kith.referrals.models import Link

LONGEST_URL = 500


def create_link(
    *,
    participant: Participant,
    program: Program | None = None,
    campaign: Campaign | None = None,
    slug: str = "",
    destination_url: str = "",
    utm: Mapping[str, str] | None = None,
    actor: Actor,
    now: datetime.datetime,
) -> Link:
    """Make a link; without `slug` it gets a code of its own, without `program` it is for the default one.

    No two links or participants of the installation share a code. Raises SlugNotAllowed, SlugTaken,
    DestinationNotAllowed, ProgramNotLive.
    """
    wished = codes.normalize(slug)
    if wished and not codes.is_well_formed(wished, vanity=True):
        raise SlugNotAllowed(fields={"slug": SlugNotAllowed.message})
    destination_url = _checked_destination(destination_url)
    program = program or (campaign.program if campaign else Program.objects.filter(is_default=True).first())
    if program is None:
        raise ProgramNotLive
    while queries.is_participant_code(chosen := wished or codes.referral_code()):
        if wished:
            raise SlugTaken(fields={"slug": SlugTaken.message})
    try:
        with transaction.atomic():
            link: Link = Link.objects.create(
                participant=participant, program=program, campaign=campaign, slug=chosen,
                destination_url=destination_url, created_at=now, **rules.utm_columns(utm or {}),
            )  # fmt: skip
    except IntegrityError as error:
        if is_about(error, "referrals_link_slug_key") or "slug" in str(error):
            raise SlugTaken(fields={"slug": SlugTaken.message}) from None
        raise
    return link


def _checked_destination(url: str) -> str:
    found = web.address(url) if url else ""
    if found is None or len(found) > LONGEST_URL:
        raise DestinationNotAllowed(fields={"destination_url": DestinationNotAllowed.message})
    return found


def set_link_active(*, link: Link, active: bool, actor: Actor, now: datetime.datetime) -> Link:
    """Switch a link off, so that its code is unknown, or on again."""
    Link.objects.filter(pk=link.pk).update(active=active)
    link.active = active
    return link
