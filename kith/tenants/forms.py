"""Checks what people type into the pages of this feature."""

from django import forms
from django.utils.translation import gettext_lazy as _

from kith.tenants.models import Role


class InviteForm(forms.Form):
    """A place for a colleague."""

    email = forms.EmailField(label=_("E-mail address"))
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.VIEWER)


class AcceptForm(forms.Form):
    """A new person taking an offered place."""

    name = forms.CharField(label=_("Your name"), max_length=100)
    username = forms.RegexField(
        r"^[A-Za-z0-9._-]+$",
        label=_("User name"),
        max_length=60,
        help_text=_("Letters, digits, dot, hyphen."),
    )
    password = forms.CharField(
        label=_("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 10 characters."),
    )
