"""Eight callers who write without pause and give up on nothing: the same key until there is an answer.

Each round enrolls a participant, records a booking of somebody they referred, and adds to the program's budget.
The first has nothing but its Idempotency-Key to keep it from happening twice.
"""

import logging
import secrets
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.faults.installation import Installation, Team
from tests.machine import select_nothing, until

logging.getLogger("httpx").setLevel(logging.WARNING)  # it would write a line for each of many thousand calls

WRITERS = 8
GIVE_UP_SECONDS = 60.0
FUNDED_MINOR = 100
# Nothing was done, or nobody knows: ask again with the same key.
AGAIN = {409, 429, 500, 502, 503, 504}


@dataclass(frozen=True)
class Call:
    """One operation, whatever it takes to get it answered."""

    key: str
    path: str
    body: Mapping[str, Any]


@dataclass
class Writers:
    """Use as a context: they write inside, and have stopped with everything answered outside."""

    house: Installation
    team: Team
    answered: dict[str, bytes] = field(default_factory=dict)
    calls: dict[str, Call] = field(default_factory=dict)
    began: list[float] = field(default_factory=list)
    retries: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _run: str = field(default_factory=lambda: secrets.token_hex(4).upper())

    def __enter__(self) -> "Writers":
        (self.program,) = self._get("/programs")
        self._threads = [threading.Thread(target=self._work, args=(n,)) for n in range(WRITERS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def back_after(self, moment: float) -> float:
        """Wait for the answer to a call begun after that moment; how many seconds after it that was."""
        until(lambda: self.failures or any(began > moment for began in self.began), 30, "a call is answered")
        assert not self.failures, self.failures
        return time.monotonic() - moment

    # ---- what must be true afterwards

    def check(self) -> str:
        """Everything answered is stored once, the books are sound, repeated calls get the same bytes; a summary."""
        assert not self.failures, self.failures
        assert self.answered.keys() == self.calls.keys()
        self._check_stored()
        self._check_books()
        replayed = self._check_replays()
        tried_again = ", ".join(f"{count} × {why}" for why, count in self.retries.most_common())
        return (
            f"{len(self.answered):,} acknowledged = {len(self.answered):,} stored once, ledger 0 per currency, "
            f"{replayed:,} replays identical; asked again: {tried_again or 'never'}"
        )

    def _check_stored(self) -> None:
        names = Counter(call.body["name"] for call in self._sent("/participants"))
        assert Counter(self._rows("select name from participants_participant where name like %s")) == names
        for table, column in (
            ("referrals_referral", "booking_reference"),
            ("referrals_conversion", "external_id"),
        ):
            assert (
                Counter(self._rows(f"select {column} from {table} where {column} like %s")) == self._booked()
            )
        funded = self._rows(
            "select sum(t.amount)::text from ledger_transfer t join ledger_journal j on j.id = t.journal_id"
            " and j.tenant_id = t.tenant_id where j.kind = 'fund' and j.idempotency_key like %s"
        )
        assert funded == [str(FUNDED_MINOR * len(self._sent("/budget/fund")))]

    def _check_books(self) -> None:
        rewarded = (
            "select c.external_id from rewards_reward r join referrals_referral f on f.id = r.referral_id"
            " join referrals_conversion c on c.referral_id = f.id where c.external_id like %s"
        )
        booked = self._booked()
        until(lambda: len(self._rows(rewarded)) >= sum(booked.values()), 60, "every booking is rewarded")
        assert Counter(self._rows(rewarded)) == booked
        sums = "select currency, sum(balance)::bigint from ledger_account group by currency having sum(balance) <> 0"
        assert self.house.sql(sums) == []
        done = self.house.kith("ledger", "check")
        assert done.returncode == 0, done.stdout + done.stderr

    def _check_replays(self) -> int:
        sample = list(self.calls.values())[:: max(1, len(self.calls) // 100)]
        with httpx.Client(
            base_url=f"{self.house.url}/api/v1", headers=self.team.headers, timeout=30
        ) as client:
            for call in sample:
                answer = client.post(call.path, json=call.body, headers={"Idempotency-Key": call.key})
                assert answer.headers.get("Idempotent-Replay") == "true", answer.text
                assert answer.content == self.answered[call.key]
        return len(sample)

    def _sent(self, path: str) -> list[Call]:
        return [call for call in self.calls.values() if call.path.endswith(path)]

    def _booked(self) -> "Counter[str]":
        return Counter(call.body["booking_reference"] for call in self._sent("/referrals"))

    def _rows(self, statement: str) -> list[str]:
        return [row[0] for row in self.house.sql(statement, f"%{self._run}%")]

    # ---- writing

    def _work(self, number: int) -> None:
        with httpx.Client(
            base_url=f"{self.house.url}/api/v1", headers=self.team.headers, timeout=15
        ) as client:
            turn = 0
            while not self._stop.is_set() and not self.failures:
                turn += 1
                self._round(client, f"{self._run}-{number}-{turn}")

    def _round(self, client: httpx.Client, mark: str) -> None:
        made = self._send(client, Call(f"p-{mark}", "/participants", {"name": f"Dana {mark}"}))
        if made is None:
            return
        booking = {"code": made["code"], "email": f"eli.{mark}@example.com", "booking_reference": f"B-{mark}"}
        self._send(client, Call(f"r-{mark}", "/referrals", {**booking, "name": "Eli"}))
        money = {"amount_minor": FUNDED_MINOR, "reference": f"f-{mark}"}
        self._send(client, Call(f"f-{mark}", f"/programs/{self.program['id']}/budget/fund", money))

    def _send(self, client: httpx.Client, call: Call) -> Any:
        self.calls[call.key] = call
        deadline, pause = time.monotonic() + GIVE_UP_SECONDS, 0.05
        while (began := time.monotonic()) < deadline:
            pause = min(2 * pause, 0.8)
            try:
                answer = client.post(call.path, json=call.body, headers={"Idempotency-Key": call.key})
            except httpx.TransportError as error:
                self._again(type(error).__name__, pause)
                continue
            if answer.is_success:
                self.answered[call.key] = answer.content
                self.began.append(began)
                return answer.json()["data"]
            if answer.status_code not in AGAIN or _is_final(answer):
                self.failures.append(f"{call} was answered {answer.status_code}: {answer.text[:500]}")
                return None
            self._again(str(answer.status_code), pause)
        self.failures.append(f"{call} had no answer within {GIVE_UP_SECONDS:.0f} s")
        return None

    def _again(self, why: str, pause: float) -> None:
        self.retries[why] += 1
        select_nothing(pause)

    def _get(self, path: str) -> Any:
        answer = httpx.get(f"{self.house.url}/api/v1{path}", headers=self.team.headers, timeout=30)
        assert answer.is_success, answer.text
        return answer.json()["data"]


def _is_final(answer: httpx.Response) -> bool:
    """A conflict that asking again cannot end."""
    return answer.status_code == 409 and answer.json()["code"] != "idempotency_in_flight"
