"""Structured logs: one JSON object per line, carrying the request id and tenant in force."""

import logging
from collections.abc import MutableMapping
from typing import Any

import structlog


def _scope(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    from kith.kit import tenancy  # models are not loaded yet when logging is set up

    request_id = tenancy.current_request_id()
    if request_id:
        event.setdefault("request_id", request_id)
    return event


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
            structlog.processors.JSONRenderer(),
        ],
    )
