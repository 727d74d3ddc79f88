"""A person's own page: name, language, look, keys."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from kith.kit import html
from kith.tenants import actions, forms, queries
from kith.tenants.access import signed_in


@signed_in("everybody may change how they are called and addressed")
def account(request: Any) -> HttpResponse:
    """Change the person's own facts; what belongs to an organization is not here."""
    user = request.user
    facts = {"name": user.name, "locale": user.locale, "keys_on": user.keys_on}
    form = forms.AccountForm(html.given(request), initial=facts)
    if form.is_valid():
        with html.blaming(form):
            actions.update_account(user=user, **form.cleaned_data)
            response = html.done(request, reverse("tenants:account"), _("Saved."))
            # What was chosen on some page would otherwise go on winning over what is chosen here.
            response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
            return response
    context = {"form": form, "seats": queries.seats_of(user)}
    return html.page(request, "tenants/account.html", context)
