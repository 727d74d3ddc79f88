"""Lists as members arranged them: kept under a name, for themselves or for all."""

import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kith.kit import text
from kith.kit.actors import Actor
from kith.kit.errors import Forbidden, Invalid
from kith.tenants import access, rules
from kith.tenants.models import Member, SavedView


class ViewInvalid(Invalid):
    """The name, the page or the arrangement cannot be kept; `fields` says which and why."""

    code = "view_invalid"


@transaction.atomic
def save_view(
    *, page: str, name: str, query: str, shared: bool = False, actor: Actor, now: datetime.datetime
) -> SavedView:
    """Keep the arrangement under the name; the member's own of that name is replaced.

    Raises ViewInvalid, and Forbidden when somebody shares who may not.
    """
    member = _locked(actor)
    called = " ".join(text.line(name, "name").split())
    if not 0 < len(called) <= rules.LONGEST_VIEW_NAME:
        raise ViewInvalid(fields={"name": _("Give the view a name of at most 60 characters.")})
    if shared and not actor.may("tenants.views"):
        raise Forbidden(permission="tenants.views")
    kept = SavedView.objects.filter(member=member, page=page).exclude(name=called).count()
    if kept >= rules.MOST_VIEWS:
        raise ViewInvalid(fields={"name": _("You keep 30 views of this page. Remove one first.")})
    return _kept(member, page, called, query, shared=shared, now=now)


@transaction.atomic
def keep_columns(*, page: str, query: str, actor: Actor, now: datetime.datetime) -> SavedView:
    """Remember which columns the member wants to see on the page. Raises ViewInvalid."""
    return _kept(_locked(actor), page, "", query, shared=False, now=now)


@transaction.atomic
def remove_view(*, view: SavedView, actor: Actor) -> None:
    """Remove a view: one's own, or as an administrator a shared one. Raises Forbidden."""
    held = SavedView.objects.select_for_update().filter(pk=view.pk).first()
    if held is None:
        return
    if str(held.member_id) != actor.id and not (held.shared and actor.may("tenants.settings")):
        raise Forbidden(permission="tenants.settings")
    held.delete()


def _locked(actor: Actor) -> Member:
    """The member's row, which is the lock of the member's views. Raises NotFound."""
    return access.one(Member.objects.select_for_update(), pk=actor.id, removed_at=None)  # type: ignore[no-any-return]


def _arranged(query: str) -> str:
    too_many = ViewInvalid(fields={"query": _("This view has too many filters. Remove some.")})
    try:
        arranged = rules.view_query(query)
    except ValueError:
        raise too_many from None
    if len(arranged) > rules.LONGEST_VIEW:
        raise too_many
    return arranged


def _kept(
    member: Member, page: str, name: str, query: str, *, shared: bool, now: datetime.datetime
) -> SavedView:
    if page not in rules.LISTS:
        raise ViewInvalid(fields={"page": _("This page cannot be kept.")})
    arranged = _arranged(text.line(query, "query"))
    values = {"query": arranged, "shared": shared, "created_at": now}
    row, _new = SavedView.objects.update_or_create(member=member, page=page, name=name, defaults=values)
    found: SavedView = row
    return found
