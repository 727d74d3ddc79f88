"""Sealing by the clock, and the head's way out once a day."""

from typing import Any

from kith.audit import actions
from kith.kit import clock, jobs


@jobs.job("audit.seal")
def seal(**_: Any) -> None:
    """Until nothing is left to seal."""
    while actions.seal(now=clock.now()):
        pass


@jobs.job("audit.export_head", retry=5)
def export_head(**_: Any) -> None:
    """The head of the chain into a file outside the database."""
    actions.export_head(now=clock.now())
