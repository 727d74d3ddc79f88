"""What people type on their way in."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class AcceptForm(forms.Form):
    """A person taking an offered place; somebody `known`, who is signed in already, fills nothing in."""

    name = forms.CharField(
        label=_("Your name"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    username = forms.RegexField(
        r"^[A-Za-z0-9._-]+$",
        label=_("User name"),
        max_length=60,
        help_text=_("Letters, digits, dot, hyphen."),
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    password = forms.CharField(
        label=_("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 10 characters."),
    )

    def __init__(self, *args: Any, known: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if known:
            for name in ("name", "username", "password"):
                del self.fields[name]

    def values(self) -> dict[str, str]:
        """Name, user name and password; empty for a known person."""
        return {name: self.cleaned_data.get(name, "") for name in ("name", "username", "password")}
