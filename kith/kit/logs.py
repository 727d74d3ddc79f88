"""Structured logs: one JSON object per line, carrying the request id and tenant in force."""

import logging
import re
from collections.abc import MutableMapping
from typing import Any

import structlog
from django.views.debug import SafeExceptionReporterFilter

# Links that work by themselves, credentials, and passwords in addresses: none belongs into a log, whoever logs it.
_SECRETS = re.compile(
    r"(?<=/invitations/)[\w:.-]{16,}|(?<=/unlock/)[\w:.-]{16,}|(?<=/password/reset/key/)[\w-]+"
    r"|(?<=kith_live_)[\w-]+|(?<=[Bb]earer )[\w.~+/=-]+|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"
)


def _rendered(logger: Any, name: str, event: MutableMapping[str, Any]) -> str:
    line = structlog.processors.JSONRenderer()(logger, name, event)
    return _SECRETS.sub("…", line if isinstance(line, str) else line.decode())


def _scope(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    from kith.kit import tenancy  # models are not loaded yet when logging is set up

    request_id = tenancy.current_request_id()
    if request_id:
        event.setdefault("request_id", request_id)
    return event


class Discreet(SafeExceptionReporterFilter):
    """Hides, on the developer's error page, every variable of Kith and whatever looks like a credential."""

    hidden_settings = re.compile(
        "API|AUTH|COOKIE|CREDENTIAL|CSRF|DATABASE|EMAIL|IBAN|KEY|KITH|PASS|PEPPER|PHONE|REDIS|SECRET|SIGNATURE|TOKEN",
        re.IGNORECASE,
    )


def formatter() -> logging.Formatter:
    """The formatter named in settings.LOGGING."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _scope,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _rendered,
        ],
    )
