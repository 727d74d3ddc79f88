"""The disk of the database fills up while people write: clear refusals, no loss, back by itself."""

import os
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.faults.funding import Writers, a_program, account_for, attempt, own_folder, writing
from tests.faults.installation import Installation, furnish, prepare
from tests.machine import until

pytestmark = [pytest.mark.faults, pytest.mark.outage]

VOLUME_MIB = 400
UNREADY_SECONDS, BACK_SECONDS = 15.0, 60.0


@contextmanager
def small_volume() -> Iterator[Path]:
    """A file system of its own for one installation; root alone may mount one."""
    if os.geteuid() != 0:
        pytest.skip("a small volume can only be mounted by root; run as root: make test-faults")
    folder = own_folder()
    image, mounted = folder / "image", folder / "volume"
    mounted.mkdir()
    with image.open("wb") as file:
        file.truncate(VOLUME_MIB * 2**20)
    _run("mkfs.ext4", "-q", "-m", "0", str(image))
    done = _run("mount", "-o", "loop", str(image), str(mounted), check=False)
    if done.returncode:
        shutil.rmtree(folder)
        pytest.skip(f"this machine mounts no loop devices: {done.stderr.strip()}")
    mounted.chmod(0o711)
    try:
        yield mounted
    finally:
        until(lambda: not _run("umount", str(mounted), check=False).returncode, 20, "the volume is unmounted")
        shutil.rmtree(folder)


def _run(*command: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    return subprocess.run(
        command, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=check
    )


def fill(ballast: Path) -> int:
    """Leave not one block free; how many MiB that took."""
    size = 0
    with ballast.open("ab", buffering=0) as file:
        for block in (2**20, 4096):
            with suppress(OSError):
                while True:
                    size += file.write(b"\0" * block)
    return size >> 20


@contextmanager
def on_volume(volume: Path) -> Iterator[Installation]:
    """An installation whose data directory is on the volume."""
    made = prepare(volume)
    furnish(made)
    try:
        yield made.start()
    finally:
        made.clean()


def health(house: Installation) -> int:
    """The status of the health check."""
    return attempt("GET", f"{house.url}/api/health").status


def test_a_full_disk_loses_nothing_and_mends_itself() -> None:
    """Unready in 15 s, refusals only with 503 and Retry-After, back 60 s after space is freed, nothing lost."""
    with small_volume() as volume, on_volume(volume) as house:
        team = house.organization()
        program = a_program(house.url, team)
        ballast = volume / "ballast"
        with writing(house.url, team, program) as writers:
            until(lambda: len(writers.acknowledged) > 50, 30, "money moves")
            began = time.monotonic()
            filled = fill(ballast)
            full = time.monotonic()
            until(lambda: health(house) == 503, UNREADY_SECONDS, "the health check says so")
            unready = time.monotonic() - full
            # What is written finds the last free space in files that are there, so it goes on until none is left.
            until(lambda: fill(ballast) == 0 and refused(writers, began), 60, "writes are refused")
            held = time.monotonic() + 10
            until(lambda: time.monotonic() > held, 20, "10 s without space")
            assert health(house) == 503
            freed = time.monotonic()
            ballast.unlink()
            until(
                lambda: any(a.status == 200 for a in writers.since(freed)), BACK_SECONDS, "money moves again"
            )
            back = time.monotonic() - freed
            house.await_ready(BACK_SECONDS)
        found = Counter(answer.status for answer in writers.since(began, freed))
        refusals = [answer for answer in writers.since(began, freed) if answer.status == 503]
        print(
            f"disk filled with {filled} MiB: unready after {unready:.1f} s, answers {dict(found)}, money moved"
            f" again {back:.1f} s after space was freed;", account_for(house, writers),
        )  # fmt: skip
        assert set(found) <= {200, 503}
        assert {(answer.code, answer.retry_after) for answer in refusals} == {("unavailable", "5")}


def refused(writers: Writers, since: float) -> bool:
    """Whether writes are refused by now."""
    return any(answer.status == 503 for answer in writers.since(since))
