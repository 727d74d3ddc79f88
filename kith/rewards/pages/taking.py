"""Taking a reward back that is somebody's already: the effect first, then the reason, then the deed."""

from typing import Any
from uuid import UUID, uuid4

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from kith.kit import clock, html
from kith.rewards import access, actions, forms, queries, rules
from kith.rewards.models import Reward
from kith.tenants.access import proven, requires


@requires("rewards.approve")
@proven
def take_back(request: Any, tenant: str, reward_id: UUID) -> HttpResponse:
    """Show what it does to the balance, and take back some or all of a reward."""
    row = access.reward(request.actor, reward_id)
    form = forms.TakeBackForm(html.given(request), reward=row, initial=_start(request, row))
    if form.is_valid():
        said = form.cleaned_data
        with html.blaming(form):
            actions.claw_back(
                reward=row, amount=said["amount"], reason=said["reason"], key=_key(said),
                actor=request.actor, now=clock.now(),
            )  # fmt: skip
            words = {"amount": said["amount"].format(), "name": row.beneficiary.name}
            back = reverse("participants:detail", args=[tenant, row.beneficiary_id])
            return html.done(request, back, _("%(amount)s of %(name)s was taken back.") % words)
    context = {
        "form": form, "reward": row, "mature": row.status in rules.MATURED,
        "effect": queries.take_back_of(row, form.shown()),
    }  # fmt: skip
    return html.page(request, "rewards/take_back.html", context, part="rewards/_take_effect.html")


def _key(said: dict[str, Any]) -> str:
    """One click counts once; the form once more with another amount, after the browser's way back, is another."""
    return f"hand:{said['key']}:{said['amount'].amount_minor}"


def _start(request: Any, row: Reward) -> dict[str, Any]:
    return {"amount": request.GET.get("amount", row.left.decimal), "key": uuid4()}
