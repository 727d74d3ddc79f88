"""What people change about themselves."""

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kith.kit import text
from kith.kit.errors import Invalid
from kith.tenants.models import User


@transaction.atomic
def update_account(*, user: User, name: str, locale: str, keys_on: bool) -> User:
    """Change how a person is called and addressed, in all their organizations.

    An empty `locale` is the browser's own. Raises Invalid naming the field.
    """
    if locale and locale not in dict(settings.LANGUAGES):
        raise Invalid(fields={"locale": _("Choose one of the languages.")})
    row = User.objects.select_for_update().get(pk=user.pk)
    row.name, row.locale, row.keys_on = text.line(name.strip(), "name"), locale, keys_on
    row.save(update_fields=["name", "locale", "keys_on"])
    return row
