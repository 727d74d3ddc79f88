"""Checks what people type into the pages of this feature."""

from kith.tenants.forms.account import AccountForm
from kith.tenants.forms.entry import AcceptForm
from kith.tenants.forms.factors import (
    AgainCodeForm,
    AskCodeForm,
    CodeForm,
    FirstCodeForm,
    PasskeyForm,
    PasskeyNameForm,
    SentCodeForm,
    SignInRulesForm,
)
from kith.tenants.forms.organization import (
    LANGUAGES,
    BrandForm,
    LanguagesForm,
    OrganizationForm,
    countries,
    organization_facts,
)
from kith.tenants.forms.rules import RulesForm
from kith.tenants.forms.team import SCOPE_WORDS, InviteForm, KeyForm, powers, roles_to_give

__all__ = [
    "LANGUAGES",
    "SCOPE_WORDS",
    "AcceptForm",
    "AccountForm",
    "AgainCodeForm",
    "AskCodeForm",
    "BrandForm",
    "CodeForm",
    "FirstCodeForm",
    "InviteForm",
    "KeyForm",
    "LanguagesForm",
    "OrganizationForm",
    "PasskeyForm",
    "PasskeyNameForm",
    "RulesForm",
    "SentCodeForm",
    "SignInRulesForm",
    "countries",
    "organization_facts",
    "powers",
    "roles_to_give",
]
