"""Give a referral, link or conversion to whoever may have it."""

from uuid import UUID

from kith.kit.actors import Actor
from kith.kit.errors import NotFound
from kith.programs.models import Campaign, Program
from kith.referrals import queries
from kith.referrals.models import Conversion, Link, Referral, SiteKey
from kith.tenants.access import one


def referral(actor: Actor, referral_id: UUID) -> Referral:
    """The referral with referrer, program and stage; participants have their own only. Raises NotFound."""
    try:
        found = queries.get_referral(referral_id)
    except Referral.DoesNotExist:
        raise NotFound from None
    if actor.kind == "participant" and actor.id != str(found.referrer_id):
        raise NotFound
    return found


def link(actor: Actor, link_id: UUID) -> Link:
    """The link; participants have their own only. Raises NotFound."""
    found: Link = one(Link.objects.select_related("participant", "program", "campaign"), pk=link_id)
    if actor.kind == "participant" and actor.id != str(found.participant_id):
        raise NotFound
    return found


def conversion(event: str, external_id: str) -> Conversion:
    """The conversion of that event and external id. Raises NotFound."""
    if "\0" in event + external_id:
        raise NotFound
    try:
        return queries.get_conversion(event, external_id)
    except Conversion.DoesNotExist:
        raise NotFound from None


def program(code: str) -> Program | None:
    """The program of that code; None for no code. Raises NotFound."""
    return one(Program.objects.all(), code=code) if code else None


def campaign(code: str, chosen: Program | None) -> Campaign | None:
    """The campaign of that code, within a program when one was chosen; None for no code. Raises NotFound."""
    if not code:
        return None
    within = {"program": chosen} if chosen else {"program__is_default": True}
    found: Campaign = one(Campaign.objects.select_related("program"), code=code, **within)
    return found


def site_key(site_id: UUID) -> SiteKey:
    """A live key for the organization's own pages. Raises NotFound."""
    found: SiteKey = one(SiteKey.objects.all(), pk=site_id, revoked_at=None)
    return found
