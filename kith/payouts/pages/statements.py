"""What one participant earned and was paid, to read, print or calculate with."""

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpResponse

from kith.kit import clock, html
from kith.participants import access as participants
from kith.payouts import forms, queries
from kith.tenants.access import requires
from kith.tenants.queries import local_day


@requires("payouts.view")
def statement(request: Any, tenant: str, participant_id: UUID) -> HttpResponse:
    """The participant's statement over some days."""
    person = participants.participant(request.actor, participant_id)
    form, (first, last) = _period(request)
    context = {
        "person": person, "form": form, "first": first, "last": last,
        "statements": queries.statements(person.pk, first=first, last=last),
    }  # fmt: skip
    return html.page(request, "payouts/statement.html", context)


@requires("payouts.view")
def statement_csv(request: Any, tenant: str, participant_id: UUID) -> HttpResponse:
    """The same as a table."""
    person = participants.participant(request.actor, participant_id)
    _form, (first, last) = _period(request)
    found = queries.statements(person.pk, first=first, last=last)
    response = HttpResponse(queries.statement_csv(found), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="statement-{person.code}-{first}-{last}.csv"'
    return response


def _period(request: Any) -> tuple[forms.PeriodForm, tuple[date, date]]:
    form = forms.PeriodForm(request.GET)
    first, last = form.days(local_day(clock.now()))
    return forms.PeriodForm(initial={"since": first, "until": last}), (first, last)
