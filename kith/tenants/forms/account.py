"""What people say about themselves."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class AccountForm(forms.Form):
    """Name, language, and whether single letters do something."""

    name = forms.CharField(label=_("Name"), max_length=200)
    locale = forms.ChoiceField(
        label=_("Language"), required=False, help_text=_("Pages and e-mails to you are in this language.")
    )
    keys_on = forms.BooleanField(
        label=_("Keys"), required=False,
        help_text=_("Single letters such as j, k and ? do something. Switch them off when they get in the way of"
                    " speech or other input."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = self.fields["locale"]
        own.choices = [("", _("As my browser asks")), *settings.LANGUAGES]  # type: ignore[attr-defined]
