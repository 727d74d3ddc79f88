"""What programs announce."""

from uuid import UUID

from kith.kit.events import event


@event("program.created", outside=True)
class ProgramCreated:
    """A program was set up."""

    program_id: UUID
    code: str


@event("program.changed", outside=True)
class ProgramChanged:
    """Something about a program changed, e.g. its status."""

    program_id: UUID
    status: str
    fields: list[str]


@event("rule.published", outside=True)
class RulePublished:
    """A promise is in force from now on; the version before it no longer is."""

    rule_id: UUID
    program_id: UUID
    version: int


@event("rule.retired", outside=True)
class RuleRetired:
    """A promise is no longer made."""

    rule_id: UUID
    program_id: UUID
    version: int


@event("budget.funded", outside=True)
class BudgetFunded:
    """A program may spend more."""

    program_id: UUID
    amount_minor: int
    currency: str
