"""Background work of this feature."""

from typing import Any

from kith.kit import jobs
from kith.presets import actions
from kith.presets.providers import mail


@jobs.job("presets.send_start", retry=5)
def send_start(*, email: str, language: str, **_: Any) -> None:
    """Mail the link; run twice, both letters work. The secret is made here, so that the queue does not hold it."""
    mail.send_start(to=email, token=actions.start_token(email), language=language)
