"""Programs, campaigns and rules of the organization in force."""

from uuid import UUID

from kith.programs.models import Campaign, Program, Rule, RuleVersion, Sponsor
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
