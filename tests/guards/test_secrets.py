"""scripts/secrets finds what was planted, wherever it lies, and fails when it cannot look."""

import base64
import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent.parent / "scripts" / "secrets"
# Made here, so that no file holds anything that looks like one.
PLANTED = {
    "cloud": f"key = '{'AKIA' + 'Z7QWERTYUIOP2345'}'",
    "api": f"Authorization: Bearer kith_{'live'}_{base64.urlsafe_b64encode(bytes(range(32))).decode()[:40]}",
    "master": f"KITH_MASTER{'_KEY'}={base64.b64encode(bytes(range(32))).decode()}",
}


def git(folder: Path, *arguments: str) -> None:
    """As somebody."""
    who = ["-c", "user.name=Dana", "-c", "user.email=dana@example.com"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def scan(folder: Path) -> int:
    """Exit code of the scan of that repository."""
    return subprocess.run([SCRIPT, folder], capture_output=True, timeout=120, check=False).returncode


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """One commit without a secret."""
    git(tmp_path, "init", "-q")
    (tmp_path / "readme.md").write_text("Nothing to hide.\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "Begin")
    assert scan(tmp_path) == 0
    return tmp_path


@pytest.mark.parametrize("kind", PLANTED)
def test_a_secret_in_a_file_and_one_taken_out_again_are_found(repository: Path, kind: str) -> None:
    (repository / "new.txt").write_text(PLANTED[kind] + "\n")
    assert scan(repository) == 1
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "Plant")
    git(repository, "rm", "-q", "new.txt")
    git(repository, "commit", "-q", "-m", "Take out")
    assert scan(repository) == 1


def test_without_the_tool_it_fails_and_says_what_to_do(tmp_path: Path) -> None:
    bare = tmp_path / "bin"
    bare.mkdir()
    for name in ("sh", "dirname", "rm", "mkdir", "awk", "env"):
        (bare / name).symlink_to(str(shutil.which(name)))
    copy = tmp_path / "scripts" / "secrets"
    copy.parent.mkdir()
    shutil.copy(SCRIPT, copy)
    done = subprocess.run(
        [copy], env={**os.environ, "PATH": str(bare)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "install gitleaks" in done.stderr
