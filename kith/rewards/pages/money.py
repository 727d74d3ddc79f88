"""What is due, on hold and why, paid and taken back: rewards, with totals that agree with the ledger."""

from typing import Any

from django.http import HttpResponse

from kith.kit import html
from kith.programs.queries import programs
from kith.rewards import forms, queries
from kith.tenants.access import requires


@requires("rewards.view")
def rewards(request: Any, tenant: str) -> HttpResponse:
    """Every reward, narrowed by what was asked; each total leads to the rows behind it."""
    form = forms.RewardFilterForm(request.GET)
    wanted = form.wanted()
    place = {"page": request.GET.get("page", 1), "cursor": request.GET.get("cursor")}
    found = queries.rewards_page(**wanted, **place)
    context = {
        "page": found, "filters": form.cleaned_data, "filtered": any(wanted.values()),
        "programs": [(row.id, row.name) for row in programs()], "overview": queries.overview(),
    }  # fmt: skip
    return html.page(request, "rewards/rewards.html", context, part="rewards/_rewards.html")
