"""What a participant's fields may hold, and how a table of customers is read. Plain Python."""

from kith.participants.rules.days import is_month_first
from kith.participants.rules.fields import (
    EDITABLE,
    FIELDS,
    Checked,
    check,
    country,
    country_of_timezone,
    email,
    external_id,
    is_good_vanity_code,
    language,
    name,
)
from kith.participants.rules.notes import LONGEST_NOTE, MERGEABLE, NOTE_OPEN_FOR, chosen, may_change_note
from kith.participants.rules.phones import phone
from kith.participants.rules.tables import (
    KEEP,
    LEAVE_OUT,
    MOST_COLUMNS,
    REMEDY_HEADING,
    TARGETS,
    BadRow,
    BadTable,
    Layout,
    check_row,
    find_layout,
    split_headings,
)
from kith.participants.rules.values import BadValue

__all__ = [
    "EDITABLE",
    "FIELDS",
    "KEEP",
    "LEAVE_OUT",
    "LONGEST_NOTE",
    "MERGEABLE",
    "MOST_COLUMNS",
    "NOTE_OPEN_FOR",
    "REMEDY_HEADING",
    "TARGETS",
    "BadRow",
    "BadTable",
    "BadValue",
    "Checked",
    "Layout",
    "check",
    "check_row",
    "chosen",
    "country",
    "country_of_timezone",
    "email",
    "external_id",
    "find_layout",
    "is_good_vanity_code",
    "is_month_first",
    "language",
    "may_change_note",
    "name",
    "phone",
    "split_headings",
]
