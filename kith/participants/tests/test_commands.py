"""`kith import customers` and `kith export customers`."""

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from kith.commands import export, import_
from kith.kit import tenancy
from kith.participants.models import Participant

GOOD = "name,email,nickname\nJan,jan@example.com,J\nDana,dana@example.com,D\n"


@pytest.fixture
def kith(tmp_path):
    def run(command, *arguments, content=""):
        path = tmp_path / "customers.csv"
        if content:
            path.write_text(content)
        return CliRunner().invoke(command, ["customers", str(path), *arguments])

    return run


def test_importing_prints_counts_and_unused_columns(acme, kith):
    done = kith(import_.command, "--tenant", acme.slug, content=GOOD)
    assert done.exit_code == 0, done.output
    assert "2 created, 0 updated, 0 unchanged, 0 bad" in done.output
    assert "Columns not used: nickname" in done.output
    with tenancy.use(acme.id):
        assert Participant.objects.count() == 2


def test_bad_rows_end_all_or_nothing_with_exit_code_1(acme, kith):
    done = kith(import_.command, "--tenant", acme.slug, content=GOOD + "Eli,eli@,\n")
    assert done.exit_code == 1
    assert "1 bad" in done.output
    path = Path(
        next(line for line in done.output.splitlines() if "remedies:" in line).partition("remedies: ")[2]
    )
    assert next(csv.DictReader(path.open(encoding="utf-8-sig")))["line"] == "4"
    with tenancy.use(acme.id):
        assert Participant.objects.count() == 0


def test_bad_rows_can_be_skipped(acme, kith):
    done = kith(
        import_.command, "--tenant", acme.slug, "--mode", "skip-bad-rows", content=GOOD + "Eli,eli@,\n"
    )
    assert done.exit_code == 0
    assert "2 created, 0 updated, 0 unchanged, 1 bad" in done.output


@pytest.mark.parametrize(
    ("slug", "content", "said"),
    [("nobody", GOOD, "no organization called nobody"), ("", "colour\nred\n", "No column is called")],
)
def test_what_cannot_be_done_is_said(acme, kith, slug, content, said):
    done = kith(import_.command, "--tenant", slug or acme.slug, content=content)
    assert done.exit_code == 1
    assert said in done.output


@pytest.mark.parametrize("format", ["csv", "json"])
def test_exporting_writes_everybody(acme, kith, tmp_path, format):
    kith(import_.command, "--tenant", acme.slug, content=GOOD)
    done = kith(export.command, "--tenant", acme.slug, "--format", format)
    assert done.exit_code == 0, done.output
    text = (tmp_path / "customers.csv").read_text(encoding="utf-8-sig")
    rows = json.loads(text) if format == "json" else list(csv.DictReader(text.splitlines()))
    assert {row["name"] for row in rows} == {"Jan", "Dana"}
