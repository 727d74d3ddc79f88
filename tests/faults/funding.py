"""Writers that move money over the API, each amount under a key of its own, and the count of what became of it."""

import logging
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.faults.installation import Installation, Team
from tests.machine import TRUST

# One line per test, not one per request.
logging.getLogger("httpx").setLevel(logging.WARNING)

PATIENCE_SECONDS = 40.0  # far above what is promised, so that a hanging request is seen and measured


@dataclass(frozen=True)
class Answer:
    """One attempt: when it ended (monotonic seconds), its status (0 = none came) and how long it took."""

    at: float
    status: int
    seconds: float
    retry_after: str = ""
    code: str = ""


@dataclass
class Writers:
    """Threads that add 1 cent to a program's budget again and again, each until it is acknowledged."""

    url: str
    team: Team
    program: str
    answers: list[Answer] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self, pause: float) -> None:
        """One writer, until `over`."""
        while not self.over.is_set():
            reference = str(uuid.uuid4())
            self.sent.append(reference)
            while not self._sent(reference) and not self.over.is_set():
                self.over.wait(0.2)
            self.over.wait(pause)

    def _sent(self, reference: str) -> bool:
        body = {"amount_minor": 1, "reference": reference}
        headers = {**self.team.headers, "Idempotency-Key": reference}
        path = f"{self.url}/api/v1/programs/{self.program}/budget/fund"
        answer = attempt("POST", path, json=body, headers=headers)
        self.answers.append(answer)
        if answer.status == 200:
            self.acknowledged.append(reference)
        return answer.status == 200

    def since(self, moment: float, until: float | None = None) -> list[Answer]:
        """The answers that came between two moments."""
        return [each for each in self.answers if moment <= each.at <= (until or time.monotonic())]


def attempt(method: str, url: str, **values: Any) -> Answer:
    """Send one request on a connection of its own."""
    started = time.monotonic()
    try:
        got = httpx.request(method, url, timeout=PATIENCE_SECONDS, verify=TRUST, **values)
    except httpx.HTTPError:
        ended = time.monotonic()
        return Answer(ended, 0, ended - started)
    ended = time.monotonic()
    is_json = got.headers.get("content-type", "").startswith("application/json")
    code = got.json().get("code", "") if is_json and got.status_code >= 400 else ""
    return Answer(ended, got.status_code, ended - started, got.headers.get("Retry-After", ""), code)


def own_folder() -> Path:
    """A folder that the server's user may enter, whatever other runs of pytest do to the folders of pytest."""
    folder = Path(tempfile.mkdtemp(prefix="kith-faults-"))
    folder.chmod(0o711)
    return folder


def a_program(url: str, team: Team) -> str:
    """The id of a program whose budget may be added to."""
    listed = httpx.get(f"{url}/api/v1/programs", headers=team.headers, timeout=20).raise_for_status()
    return str(listed.json()["data"][0]["id"])


@contextmanager
def writing(url: str, team: Team, program: str, *, count: int = 8, pause: float = 0.02) -> Iterator[Writers]:
    """`count` writers at work; all have ended their last attempt at the end."""
    writers = Writers(url, team, program)
    threads = [threading.Thread(target=writers.run, args=(pause,), daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield writers
    finally:
        writers.over.set()
        for thread in threads:
            thread.join(PATIENCE_SECONDS + 5)


def account_for(house: Installation, writers: Writers) -> str:
    """How many were acknowledged and stored, in words, after checking that the books agree with the answers.

    Each acknowledged amount is stored once, every currency adds up to zero, and no check of the ledger fails.
    """
    prefix = f"budget:{writers.program}:fund:"
    rows = house.sql(
        "select idempotency_key from ledger_journal where starts_with(idempotency_key, %s)", prefix
    )
    sent = set(writers.sent)
    stored = [reference for (key,) in rows if (reference := key.removeprefix(prefix)) in sent]
    lost = set(writers.acknowledged) - set(stored)
    assert not lost, f"{len(lost)} acknowledged amounts are lost"
    assert len(stored) == len(set(stored)), "an amount is stored twice"
    assert len(writers.acknowledged) == len(set(writers.acknowledged))
    sums = house.sql("select tenant_id, currency, sum(balance) from ledger_account group by 1, 2")
    assert sums
    assert not [row for row in sums if row[2] != 0], "the books do not add up to zero"
    empty = house.sql(
        "select id from ledger_journal j where not exists (select from ledger_transfer t where t.journal_id = j.id)"
    )
    assert not empty, "half a transfer"
    unheard = len(stored) - len(writers.acknowledged)
    return f"{len(writers.acknowledged)} acknowledged = stored, {unheard} more without an answer, none doubled, sums 0"
