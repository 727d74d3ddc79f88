"""What happened to one participant, as a part of their page."""

import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kith.analytics.queries.timeline import timeline
from kith.kit import html
from kith.kit.errors import Invalid
from kith.participants import access as participants
from kith.tenants.access import requires


@requires("participants.view")
def of_participant(request: Any, tenant: str, participant_id: UUID) -> HttpResponse:
    """The newest moments, or those before a moment."""
    person = participants.participant(request.actor, participant_id)
    try:
        before = datetime.datetime.fromisoformat(request.GET["before"]) if "before" in request.GET else None
        told = timeline(person, locale=get_language() or "en", before=before)
    except (ValueError, TypeError):  # no moment, or one without a time zone
        raise Invalid(fields={"before": _("Open the page again from the start.")}) from None
    context = {"person": person, "timeline": told, "first": before is None}
    return html.page(request, "analytics/timeline.html", context, part="analytics/_timeline.html")
