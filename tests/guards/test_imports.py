"""The import contracts name every feature in its order, and catch what they are for."""

import configparser
import os
import shutil
import subprocess
from pathlib import Path

from django.conf import settings

from tests.guards.source import KITH, ROOT

TOOL = ROOT / ".tools" / "import-linter" / "bin" / "lint-imports"
# Planted import -> the contract that has to break.
PLANTED = {
    "kith/ledger/rules.py": ("from kith.rewards import rules", "Features import downwards only"),
    "kith/programs/queries/schemes.py": ("from kith.programs import actions", "Inside a feature"),
    "kith/rewards/rules.py": ("from django.utils import timezone", "rules and events know no Django"),
    "kith/analytics/queries/figures.py": ("import kith.tenants.api", "Nobody but the wiring imports"),
}


def contracts() -> configparser.ConfigParser:
    """The contracts as written."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter")
    return parser


def lines(section: str, key: str) -> list[str]:
    """The values of a key that stand one a line."""
    return contracts()[f"importlinter:contract:{section}"][key].split()


def test_the_contracts_name_every_feature_in_its_order() -> None:
    layers = lines("feature-order", "layers")
    assert [name for name in reversed(layers) if name in settings.FEATURES] == settings.FEATURES
    containers = {name.removeprefix("kith.") for name in lines("feature-shape", "containers")}
    assert containers == set(settings.FEATURES) - {"kit"}


def lint(folder: Path) -> str:
    """What import-linter says about the copy of Kith in `folder`; empty when every contract is kept."""
    done = subprocess.run(
        [TOOL, "--no-cache", "--config", str(ROOT / ".importlinter")],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_each_contract_breaks_when_it_is_broken(tmp_path: Path) -> None:
    shutil.copytree(
        KITH, tmp_path / "kith", ignore=shutil.ignore_patterns("__pycache__", "static", "templates")
    )
    for path, (planted, _) in PLANTED.items():
        file = tmp_path / path
        file.write_text(f"{file.read_text()}\n{planted}\n")
    (tmp_path / "kith" / "bonuses").mkdir()
    (tmp_path / "kith" / "bonuses" / "__init__.py").write_text("")
    (tmp_path / "kith" / "rewards" / "helpers.py").write_text("")
    said = lint(tmp_path)
    for contract in ("Features import downwards only", "Inside a feature"):
        assert f"{contract}" in said
    assert "bonuses" in said
    assert "helpers" in said
    # An unknown folder or file stops the run, so each import is tried without them.
    shutil.rmtree(tmp_path / "kith" / "bonuses")
    (tmp_path / "kith" / "rewards" / "helpers.py").unlink()
    said = lint(tmp_path)
    for path, (planted, contract) in PLANTED.items():
        broken = [line for line in said.splitlines() if line.startswith(contract) and "BROKEN" in line]
        assert broken, f"{planted} in {path} broke nothing:\n{said}"
