"""Why a file as a whole cannot be imported; every sentence says what to do instead."""

from django.utils.translation import gettext_lazy as _

from kith.kit.errors import Invalid, Sentence

SAVE_AS = {
    "ods": _("This is an OpenDocument sheet. Save it as Excel (.xlsx) or as “CSV UTF-8” and try again."),
    "numbers": _("This is a Numbers file. Export it as Excel (.xlsx) or CSV and try again."),
    "xls": _("This is an Excel file of before 2007. Open it and save it as “Excel workbook (.xlsx)”."),
    "xlsb": _("This is a binary Excel file (.xlsb). Open it and save it as “Excel workbook (.xlsx)”."),
    "pdf": _("This is a PDF. Ask for the table as Excel (.xlsx) or CSV; a PDF cannot be imported."),
    "zip": _("This is a ZIP file. Unpack it and choose the table in it."),
    "word": _("This is a text document. Copy the table into a spreadsheet and save it as CSV or Excel (.xlsx)."),
    "locked": _("This Excel file is protected by a password. Remove the password (File, Info) and save it again."),
}  # fmt: skip


class FileEmpty(Invalid):
    """There is no heading in the file."""

    code, message = "file_empty", _("The file is empty. Its first line must name the columns.")


class FileNotText(Invalid):
    """The file is neither a workbook nor text in an encoding that we know."""

    code, message = (
        "file_not_text",
        _("The file is not a table. Save the sheet as Excel (.xlsx) or “CSV UTF-8” and try again."),
    )


class FileOtherKind(Invalid):
    """The file is of a kind that we recognize and do not read."""

    code, message = "file_other_kind", SAVE_AS["zip"]

    def __init__(self, kind: str) -> None:
        sentence: Sentence = SAVE_AS[kind]
        super().__init__(sentence, kind=kind)


class FileDamaged(Invalid):
    """The workbook cannot be opened, or names things a workbook never names."""

    code, message = (
        "file_damaged",
        _("The Excel file is damaged. Open it, save it under another name, try again."),
    )


class FileTooBigInside(Invalid):
    """The workbook would grow beyond what we are ready to unpack."""

    code = "file_too_big_inside"
    message = _("The Excel file is too large unpacked. Save the sheet as “CSV UTF-8” and import that.")


class SheetMissing(Invalid):
    """There is no visible sheet of that name."""

    code, message = "sheet_missing", _("There is no sheet “%(sheet)s”. The file has: %(sheets)s.")


class QuoteNotClosed(Invalid):
    """A quotation mark swallows the rest of the file."""

    code, message = (
        "quote_not_closed",
        _("A quotation mark in line %(line)s is not closed. Close or double it."),
    )


class LineTooLong(Invalid):
    """One line is longer than any row of a table."""

    code, message = (
        "line_too_long",
        _("Line %(line)s is too long to be a row of a table. Save the sheet as CSV again."),
    )


class JsonNotRows(Invalid):
    """The JSON is not what an export writes."""

    code = "json_not_rows"
    message = _(
        "Line %(line)s is not a row. A JSON file is a list with one object per line, as an export writes it."
    )


class NameColumnMissing(Invalid):
    """No column is recognized as the name."""

    code = "name_column_missing"
    message = _(
        "No column is called “name”. The first line says: %(headings)s. Rename the column with the names."
    )


class KeyColumnMissing(Invalid):
    """No column tells people apart."""

    code = "key_column_missing"
    message = _("Add a column “email” or “customer id”, so that the next import finds the same people again.")


class ColumnTwice(Invalid):
    """Two columns mean the same."""

    code = "column_twice"
    message = _(
        "Column %(first_place)s (“%(first)s”) and column %(second_place)s (“%(second)s”) mean the same."
        " Rename or remove one of them."
    )


class TooManyColumns(Invalid):
    """The table is wider than any list of people."""

    code, message = (
        "too_many_columns",
        _("The table has more than %(most)s columns. Remove those you do not need."),
    )


class NoSuchColumn(Invalid):
    """The mapping names a column that the file does not have."""

    code, message = "no_such_column", _("There is no column “%(column)s”. The first line says: %(headings)s.")


class NoSuchTarget(Invalid):
    """The mapping names a field that there is not."""

    code, message = "no_such_target", _("A column cannot become “%(target)s”. Choose one of: %(targets)s.")


TABLES = {
    "no_name": NameColumnMissing, "no_key": KeyColumnMissing, "column_twice": ColumnTwice,
    "too_many_columns": TooManyColumns, "no_such_column": NoSuchColumn, "no_such_target": NoSuchTarget,
}  # fmt: skip
