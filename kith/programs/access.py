"""Programs, campaigns and rules of the organization in force."""

from uuid import UUID

from kith.programs.models import Campaign, LandingPicture, Program, Rule, RuleVersion, Sponsor
from kith.tenants.access import one


def program(program_id: UUID) -> Program:
    """The tenant's program. Raises NotFound."""
    found: Program = one(Program.objects.select_related("pipeline", "sponsor"), pk=program_id)
    return found


def campaign(campaign_id: UUID) -> Campaign:
    """The tenant's campaign. Raises NotFound."""
    found: Campaign = one(Campaign.objects.select_related("program"), pk=campaign_id)
    return found


def rule(rule_id: UUID) -> Rule:
    """The tenant's rule. Raises NotFound."""
    found: Rule = one(Rule.objects.select_related("program"), pk=rule_id)
    return found


def version(rule_id: UUID, number: int) -> RuleVersion:
    """A version of the tenant's rule. Raises NotFound."""
    rows = RuleVersion.objects.select_related("rule__program")
    found: RuleVersion = one(rows, rule_id=rule_id, version=number)
    return found


def sponsor(sponsor_id: UUID) -> Sponsor:
    """The tenant's sponsor. Raises NotFound."""
    found: Sponsor = one(Sponsor.objects.all(), pk=sponsor_id)
    return found


def campaign_of(program: Program, campaign_id: UUID) -> Campaign:
    """The program's campaign. Raises NotFound."""
    found: Campaign = one(Campaign.objects.select_related("program"), pk=campaign_id, program=program)
    return found


def rule_of(program: Program, rule_id: UUID) -> Rule:
    """The program's rule that is not archived. Raises NotFound."""
    rows = Rule.objects.select_related("program")
    found: Rule = one(rows, pk=rule_id, program=program, archived_at=None)
    return found


def picture(picture_id: UUID) -> LandingPicture:
    """The organization's picture. Raises NotFound."""
    found: LandingPicture = one(LandingPicture.objects.all(), pk=picture_id)
    return found
