"""Shapes that several parts of the referral API use."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from kith.kit.http import Schema
from kith.kit.money import Money

CategoryWord = Literal[
    "new", "engaged", "qualified", "converted", "completed", "rejected", "expired", "cancelled"
]
Text = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]
Reason = Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")]
Slug = Annotated[str, Field(max_length=60, pattern=r"^[A-Za-z0-9_-]*$")]
Event = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class MoneyIn(Schema):
    """An amount in whole minor units, such as 2500 EUR for 25.00 euros."""

    amount_minor: Annotated[int, Field(ge=0, le=10**15)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3,8}$")]

    def money(self) -> Money:
        """The amount. Raises UnknownCurrency."""
        return Money(self.amount_minor, self.currency)


class UtmIn(Schema):
    """The five campaign fields."""

    source: Text = ""
    medium: Text = ""
    campaign: Text = ""
    term: Text = ""
    content: Text = ""


class PersonOut(Schema):
    """Who referred."""

    id: UUID
    name: str
    code: str
