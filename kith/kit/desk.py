"""The operator's desk: Django's admin for whoever runs the installation, and nobody else.

It shows organizations, people who sign in, settings and jobs; nothing of what belongs to an organization.
Rows are read only; buttons call actions.
"""

from collections.abc import Mapping
from typing import Any

from allauth.account.authentication import get_authentication_records
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from procrastinate.contrib.django.models import ProcrastinateJob

from kith.kit.actors import Actor
from kith.kit.errors import DomainError
from kith.kit.headers import without_trusted_types

_KEPT = {"index", "login", "logout", "app_list", "jsi18n"}
_REASON = "only for an operator who used a second factor in this session"


def used_factor(request: HttpRequest) -> bool:
    """Whether the person gave a second factor, or a passkey, in this very session."""
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, request.user))


class Desk(admin.AdminSite):
    """Opens for an operator who used a second factor in this session; staff see nothing here."""

    site_title = site_header = _("Kith, for its operator")
    index_title = _("This installation")
    site_url = "/accounts/security/"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Raises Http404 for people who are signed in and are no operators."""
        if request.user.is_authenticated and not request.user.is_operator:
            raise Http404
        return request.user.is_authenticated and request.user.is_active and used_factor(request)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Signed out: to the page to sign in. Without a second factor: how to go on."""
        if not request.user.is_authenticated:
            return redirect_to_login(request.GET.get("next") or reverse("admin:index"))
        if self.has_permission(request):
            return redirect("admin:index")
        return TemplateResponse(request, "kit/operator.html", status=403)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """One list, under the names that people use."""
        apps = super().get_app_list(request, app_label)
        for app in apps:
            for model in app["models"]:
                shown: Any = self._registry[model["model"]]
                model |= {"name": shown.title, "about": shown.about, "figure": shown.figure}
        return apps

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """By our page."""
        return redirect("account_logout")

    def get_urls(self) -> list[Any]:
        """The lists and rows, without pages for passwords and the like, which are Kith's own."""
        kept = [each for each in super().get_urls() if not isinstance(each, URLPattern) or each.name in _KEPT]
        for page in (page for each in kept for page in getattr(each, "url_patterns", [each])):
            view = getattr(page.callback, "__func__", page.callback)
            view.open_because = _REASON  # what tenants.access asks of every page
        return kept

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """The library's scripts make markup out of text."""
        inner = super().admin_view(view, cacheable)

        def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            return without_trusted_types(inner(request, *args, **kwargs))

        return answered


desk = Desk(name="operator")


def operator(request: Any) -> Actor:
    """The person at the desk, as the trail names them."""
    return Actor(kind="operator", id=str(request.user.pk), label=request.user.get_full_name())


class Reading(admin.ModelAdmin):
    """Rows to look at. `doors` are buttons beside a row: name -> label; each has a method `do_<name>`."""

    title: Any = ""
    about: Any = ""
    actions = None
    doors: Mapping[str, Any] = {}
    change_form_template = "kit/operator_row.html"
    list_per_page = 50

    @property
    def media(self) -> forms.Media:
        """Nothing here needs a script."""
        return forms.Media()

    def changelist_view(self, request: Any, extra_context: Any = None) -> Any:
        """The rows, under the name that people use."""
        return super().changelist_view(request, {"title": self.title})

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        """By the filters beside the list alone: an address must not ask for a column that is never shown."""
        return lookup.partition("__")[0] in self.list_filter

    def has_add_permission(self, request: Any) -> bool:
        """Nobody adds rows here."""
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        """Nobody changes rows here; buttons do."""
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        """Nobody deletes rows here."""
        return False

    def get_urls(self) -> list[Any]:
        """One address per button, before those that would swallow it."""
        door = path("<str:object_id>/do/<str:door>/", self.admin_site.admin_view(self.go), name=self._name)
        never = ("_delete", "_history")
        return [door, *(each for each in super().get_urls() if not str(each.name).endswith(never))]

    def figure(self) -> str:
        """How many there are, asked when the first page is drawn."""
        return str(self.model._default_manager.count())

    @property
    def _name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_do"

    def doors_of(self, row: Any) -> Mapping[str, Any]:
        """The buttons that make sense for this row."""
        return self.doors

    def change_view(self, request: Any, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        """The row with its buttons."""
        row = self.get_object(request, object_id)
        doors = [] if row is None else [
            (label, reverse(f"admin:{self._name}", args=[object_id, name]))
            for name, label in self.doors_of(row).items()
        ]  # fmt: skip
        return super().change_view(
            request, object_id, form_url, {"doors": doors, "title": self.title, "subtitle": self.called(row)}
        )

    def called(self, row: Any) -> str:
        """How people call the row."""
        return str(row)

    def go(self, request: Any, object_id: str, door: str) -> HttpResponse:
        """Press a button: one action, then back to the row."""
        row = self.get_object(request, object_id)
        if request.method != "POST" or row is None or door not in self.doors_of(row):
            raise Http404
        try:
            messages.success(request, getattr(self, f"do_{door}")(request, row))
        except DomainError as error:
            messages.error(request, error.text)
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", object_id)


@admin.register(ProcrastinateJob, site=desk)
class JobDesk(Reading):
    """What waits and what went wrong; never what a job was given."""

    title, about = _("Jobs"), _("What runs in the background, and what went wrong.")

    list_display = ("id", "task_name", "status", "attempts", "scheduled_at")
    list_filter = ("status",)
    fields = ("task_name", "queue_name", "status", "attempts", "scheduled_at", "abort_requested")
    ordering = ("-id",)
    show_full_result_count = False

    def figure(self) -> str:
        """How many failed; the others come and go."""
        failed = ProcrastinateJob.objects.filter(status="failed").count()
        return ngettext("%(count)d failed", "%(count)d failed", failed) % {"count": failed}
