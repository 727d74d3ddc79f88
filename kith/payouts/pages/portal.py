"""Where participants want their money, and what went there."""

from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from kith.kit import clock, html
from kith.kit.errors import Forbidden
from kith.payouts import actions, forms, queries, rules
from kith.tenants.access import enrolled
from kith.tenants.queries import local_day


@enrolled("shows and changes what is the participant's own")
def account(request: Any, tenant: str) -> HttpResponse:
    """The account, and the payments to it so far; a POST of whoever decides replaces it."""
    if request.method == "POST" and not request.visitor.decides:
        raise Forbidden
    person = request.visitor.participant
    form = forms.AccountForm(html.given(request), initial={"holder": person.name})
    if form.is_valid():
        with html.blaming(form):
            actions.save_payout_account(
                participant=person, **form.cleaned_data, actor=request.actor, now=clock.now()
            )
            page = reverse("payouts:portal_account", args=[tenant])
            return html.done(request, page, _("Saved. The next payment goes there."))
    present = queries.get_payout_account(person.pk)
    context = {
        "form": form, "visitor": request.visitor, "account": present,
        "shown": rules.masked(present.iban_last4) if present else "",
        "payments": queries.withdrawal_list(participant_id=person.pk)[:50],
    }  # fmt: skip
    return html.page(request, "payouts/portal/account.html", context)


@enrolled("shows what is the participant's own")
def statement(request: Any, tenant: str) -> HttpResponse:
    """Every movement since the beginning as a table; whom a reward was for is on the page, by first name."""
    person = request.visitor.participant
    first, last = local_day(person.created_at), local_day(clock.now())
    found = [
        replace(each, lines=[replace(line, note="") for line in each.lines])
        for each in queries.statements(person.pk, first=first, last=last)
    ]
    response = HttpResponse(queries.statement_csv(found), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="statement-{person.code}-{last}.csv"'
    return response
