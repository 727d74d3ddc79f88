"""What a participant's fields may hold, and how a table of customers is read. Plain Python."""

from kith.participants.rules.fields import (
    EDITABLE,
    FIELDS,
    BadValue,
    Checked,
    check,
    country,
    country_of_timezone,
    email,
    external_id,
    is_good_vanity_code,
    language,
    name,
    phone,
)
from kith.participants.rules.tables import (
    BadRow,
    BadTable,
    Layout,
    check_row,
    find_layout,
)

__all__ = [
    "EDITABLE",
    "FIELDS",
    "BadRow",
    "BadTable",
    "BadValue",
    "Checked",
    "Layout",
    "check",
    "check_row",
    "country",
    "country_of_timezone",
    "email",
    "external_id",
    "find_layout",
    "is_good_vanity_code",
    "language",
    "name",
    "phone",
]
