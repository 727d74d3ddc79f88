"""Every page there is, with the path filled in from rows of the demo organization, and who looks at it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.test import Client

from conftest import signed_in
from kith.kit.tenancy import TenantOwned
from kith.participants.models import Participant
from kith.participants.tests.factories import portal_client
from kith.referrals.models import Referral
from tests.browser.conftest import Demo
from tests.guards.surface import Entry, entries

# Not pages of Kith's own: calls, files, pages of libraries for the operator, and what only answers forms.
ELSEWHERE = re.compile(
    r"api/|operator/|s/<|pictures/|theme$|language$|[tw]\.js$|.*\.(png|svg|js|webmanifest)$"
)
# Names of a path's parts that are not the name of a model.
CALLED = {
    "person": "participant", "other": "participant", "key": "apikey", "batch": "payoutbatch", "view": "savedview",
    "site": "sitekey", "rule": "rule", "picture": "landingpicture",
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """One page with everything filled in; `who` is staff, participant or nobody."""

    entry: Entry
    url: str
    who: str

    def __str__(self) -> str:
        return f"/{self.entry.path}"


def places(demo: Demo) -> Iterator[Place]:
    """Every page whose path can be filled in."""
    for entry in entries():
        if entry.operation is None and not ELSEWHERE.match(entry.path) and "(?P" not in entry.path:
            values = {name: _value(demo, entry, kind, name) for kind, name in entry.parameters}
            if None not in values.values():
                url = entry.url(lambda _kind, name, values=values: values[name])
                yield Place(entry, url, _who(entry))


def visitors(demo: Demo) -> dict[str, Client]:
    """Somebody of each kind, signed in."""
    with demo.inside():
        participant = portal_client(_busiest())
    found = {"staff": signed_in(demo.actor("owner")), "participant": participant, "nobody": Client()}
    for client in found.values():
        client.raise_request_exception = False
    return found


def _who(entry: Entry) -> str:
    if entry.path.startswith(
        ("t/", "account/", "accounts/2fa/", "accounts/security/", "accounts/password/change")
    ):
        return "staff"
    return "participant" if entry.path.startswith("p/") and "sign-in" not in entry.path else "nobody"


def _busiest() -> Participant:
    counts: dict[Any, int] = {}
    for referrer in Referral.objects.values_list("referrer_id", flat=True):
        counts[referrer] = counts.get(referrer, 0) + 1
    found: Participant = Participant.objects.get(pk=max(counts, key=lambda each: counts[each]))
    return found


def _value(demo: Demo, entry: Entry, kind: str, name: str) -> Any:
    """What fits this part of a path, or None when the demo organization has nothing that does."""
    if name in {"tenant", "slug"}:
        return demo.slug
    with demo.inside():
        dana = _busiest()
        if name == "code":
            return dana.code
        if name == "participant_id":
            return dana.pk
        if name == "referral_id" and entry.path.startswith("p/"):
            return Referral.objects.filter(referrer=dana).latest("created_at").pk
        if kind == "uuid":
            return _some_row(name.removesuffix("_id"))
    return {"size": 180, "number": 1}.get(name)


def _some_row(name: str) -> Any:
    wanted = CALLED.get(name, name)
    for model in apps.get_models():
        if issubclass(model, TenantOwned) and model._meta.model_name == wanted:
            return model._default_manager.values_list("pk", flat=True).order_by("-pk").first()
    return None
