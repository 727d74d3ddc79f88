"""The embedded PostgreSQL of a running installation: started again whenever it has ended."""

import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kith.kit import processes
from kith.kit.embedded import Cluster
from tests.machine import open_to_server, until


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    # Not below pytest's folder, which every other session closes to the server's user when it starts.
    folder = Path(tempfile.mkdtemp(prefix="kith-"))
    open_to_server(folder)
    made = Cluster(folder / "var", durable=False)
    made.ensure()
    yield made
    made.stop()
    shutil.rmtree(folder)


def test_a_server_that_ended_is_started_again_and_says_when_it_has_moved(cluster: Cluster) -> None:
    said, moves = list[str](), list[int]()
    keep = processes.DatabaseKeeper(cluster, said.append, lambda: moves.append(cluster.port))
    keep()
    assert (said, moves) == ([], [])
    remembered = cluster.port
    os.kill(int((cluster.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    until(lambda: not cluster.running(), 10, "it has ended")
    keep()
    assert cluster.running()
    assert (len(said), moves) == (2, [])
    cluster.stop()
    with socket.create_server(("127.0.0.1", remembered)):
        keep()
    assert moves == [cluster.port]
    assert cluster.port != remembered


def test_a_server_that_cannot_start_is_tried_again(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LONGEST_DELAY", 0.0)
    said: list[str] = []
    keep = processes.DatabaseKeeper(cluster, said.append, lambda: None)
    cluster.stop()
    version = cluster.data / "PG_VERSION"
    own = version.read_text()
    version.write_text("14\n")
    try:
        keep()
        assert not cluster.running()
        assert "made by PostgreSQL 14" in said[-1]
    finally:
        version.write_text(own)
    keep()
    assert cluster.running()
