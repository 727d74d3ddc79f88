"""Files of rows: what a spreadsheet may not run, and both formats."""

import csv
import datetime
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kith.kit import tables


@pytest.mark.parametrize("value", ["=1+1", "+31612345678", "-5", "@x", "\t=1", "＝1", "  =1", "|x", "%x"])
def test_formulas_are_made_harmless_and_come_back(value):
    assert tables.neutral(value) == f"'{value}"
    assert tables.plain(tables.neutral(value)) == value


@given(st.text())
def test_no_cell_is_run_and_none_is_lost(value):
    cell = tables.neutral(value)
    assert cell[:1] not in ("=", "+", "-", "@", "\t", "\r")
    assert cell.removeprefix("'") == value.removeprefix("'")


ROWS = [
    {"name": 'Jan, "de" Vries', "born": datetime.date(1990, 1, 2), "hidden": "x"},
    {"name": "=cmd()", "born": None},
]


def test_csv_is_what_spreadsheets_read():
    content = b"".join(tables.as_file(("name", "born"), ROWS, format="csv"))
    assert content.startswith(b"\xef\xbb\xbf")
    assert list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")))) == [
        {"name": 'Jan, "de" Vries', "born": "1990-01-02"},
        {"name": "'=cmd()", "born": ""},
    ]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_json_is_a_list_of_the_columns_asked_for(count):
    content = b"".join(tables.as_file(("name", "born"), ROWS[:count], format="json"))
    assert json.loads(content) == [
        {"name": row["name"], "born": row["born"] and str(row["born"])} for row in ROWS[:count]
    ]


def test_a_long_table_comes_in_pieces():
    pieces = list(tables.as_csv(("n",), ({"n": n} for n in range(1200))))
    assert len(pieces) == 3
    assert b"".join(pieces).decode("utf-8-sig").split() == ["n", *map(str, range(1200))]
