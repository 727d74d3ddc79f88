"""The units for systemd as they are shipped: understood, complete and closed."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.machine import ROOT

UNITS = sorted((ROOT / "deploy/systemd").glob("*.service"))
WORST_EXPOSURE = 2.0


@pytest.fixture
def analyze() -> str:
    """systemd's own checker."""
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("systemd-analyze is not on this machine; it comes with the package systemd")
    return found


def test_every_process_has_a_unit() -> None:
    assert {unit.stem for unit in UNITS} == {"kith-web", "kith-worker", "kith-scheduler", "kith-migrate"}
    for unit in UNITS:
        text = unit.read_text()
        assert f"ExecStart=/opt/kith/.venv/bin/kith {unit.stem.removeprefix('kith-')}\n" in text
        assert ("Restart=always\n" in text) == (unit.stem != "kith-migrate")
    # The pool's address is for web alone: the others listen for notifications.
    assert [unit.stem for unit in UNITS if "web.env" in unit.read_text()] == ["kith-web"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_understands_it_and_finds_it_closed(unit: Path, analyze: str, tmp_path: Path) -> None:
    """`verify` finds nothing to say; `security` rates its exposure below 2 of 10."""
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace("/opt/kith/.venv/bin/kith", sys.executable))
    verified = subprocess.run([analyze, "verify", str(copy)], capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stderr
    assert unit.name not in verified.stderr, verified.stderr
    rated = subprocess.run(
        [analyze, "security", "--offline=true", "--no-pager", str(copy)],
        capture_output=True,
        text=True,
        check=False,
    )
    exposure = re.search(r"exposure level for .*: ([\d.]+)", rated.stdout)
    assert exposure, rated.stdout + rated.stderr
    assert float(exposure[1]) < WORST_EXPOSURE


def test_a_misspelt_unit_is_found(analyze: str, tmp_path: Path) -> None:
    copy = tmp_path / "kith-web.service"
    text = (
        UNITS[2]
        .read_text()
        .replace("ProtectSystem=", "ProtectSytem=")
        .replace("/opt/kith/.venv/bin/kith", sys.executable)
    )
    copy.write_text(text)
    said = subprocess.run([analyze, "verify", str(copy)], capture_output=True, text=True, check=False)
    assert "ProtectSytem" in said.stderr
