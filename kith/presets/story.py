"""The travel company's main job as a newcomer's tour, told against a running installation.

Everything goes through HTTP, as an integrator, a friend and the staff would do it. Nothing is waited for by
the clock: each wait asks again until the installation says that it happened, up to a deadline.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import as_file, files
from typing import Any
from urllib.parse import urlsplit

from kith.kit.money import Money
from kith.presets.demo.people import iban
from kith.presets.providers.client import Client

PATIENCE_SECONDS = 180.0
REWARD, BOOKED = 2_500, 50_000
"""In cents: what the tour's program promises, and what a booking without an amount counts for."""

# What one telling adds to the dashboard.
ADDED: Mapping[str, int] = {
    "clicks": 1, "referrals": 1, "conversions": 1, "completed": 1, "revenue_minor": BOOKED,
    "reward_minor": REWARD, "paid_minor": REWARD,
}  # fmt: skip


class StoryBroken(AssertionError):
    """A step did not come out as it must; the sentence says which."""


@dataclass(slots=True)
class Story:
    """One telling. `say` prints; `meanwhile` runs between two looks at something that is awaited.

    `staff` are signed-in clients by role; manager and admin are needed, since nobody approves a large batch
    they made themselves. `mark` makes names and references of this telling differ from every other. Where
    nobody else works (`alone`), the dashboard must have exactly what the story added, elsewhere at least that.
    """

    url: str
    staff: Mapping[str, Client]
    say: Callable[[str], None]
    meanwhile: Callable[[], None]
    mark: str
    alone: bool = False
    patience: float = PATIENCE_SECONDS
    number: int = 0
    seen: dict[str, Any] = field(default_factory=dict)

    @property
    def manager(self) -> Client:
        """Who does the daily work."""
        return self.staff["manager"]

    @property
    def admin(self) -> Client:
        """Who sets up programs and approves what the manager made."""
        return self.staff["admin"]

    def tell(self) -> None:
        """All steps in order. Raises StoryBroken or Refused where one does not work."""
        self.seen["before"] = self.figures()
        for step in (
            self.import_customers, self.promise, self.share_link, self.follow_link, self.fill_in_form,
            self.approve, self.wait_for_hold, self.make_batch, self.send_file, self.pay,
        ):  # fmt: skip
            self.number += 1
            self.say(f"\n{self.number}. {(step.__doc__ or '').strip().splitlines()[0]}")
            step()

    # ---- the steps

    def import_customers(self) -> None:
        """The customers come in by a CSV file."""
        rows = [
            f"S{self.mark}-{number},{name} Tour,{self._mail(name)},NL,nl"
            for number, name in enumerate(("Ans", "Bas", "Cleo"), start=1)
        ]
        text = "\r\n".join(["customer_number,name,email,country,language", *rows])
        job = self.manager.upload(
            "/participants/import", {"mode": "all-or-nothing"}, "customers.csv", text.encode()
        )
        done = self._until("the import is done", lambda: self._ended(job["id"]))
        self._expect(
            done["state"] == "succeeded" and done["counts"]["created"] == 3, f"the import ended as {done}"
        )
        found = self.manager.get(f"/participants?search={self._mail('Ans')}")
        self.seen["ans"] = found[0]
        self.say(f"   3 customers were created; {found[0]['name']} has the code {found[0]['code']}.")
        self._balances(pending=0, available=0, reserved=0, paid=0)

    def promise(self) -> None:
        """A program promises EUR 25 for a friend's booking, with no holding period to sit out."""
        pipeline = next(row for row in self.admin.get("/pipelines") if row["subject"] == "referral")
        program = self.admin.post("/programs", {
            "code": f"tour-{self.mark}", "name": f"Tour {self.mark}", "pipeline_id": pipeline["id"], "currency": "EUR",
        })  # fmt: skip
        rule = self.admin.post(
            f"/programs/{program['id']}/rules", {"code": "booking", "name": "A friend books"}
        )
        spec = {"trigger": "conversion:booking", "fixed_minor": REWARD, "hold_days": 0, "auto_approve": False}
        version = self.admin.post(f"/rules/{rule['id']}/versions", {"spec": spec})
        self.admin.post(f"/rules/{rule['id']}/versions/{version['version']}/publish", {})
        self.seen["program"] = program
        self.say(f"   The program {program['code']} is {program['status']}; its first rule is published.")

    def share_link(self) -> None:
        """The customer gets a link of their own to share."""
        link = self.manager.post("/links", {
            "participant_id": self.seen["ans"]["id"], "program": self.seen["program"]["code"],
            "slug": f"tour{self.mark}",
        })  # fmt: skip
        self.seen["link"] = f"{self.url}/r/{link['slug']}"
        self.say(f"   {self.seen['link']}")

    def follow_link(self) -> None:
        """A friend follows the link, and the click is recorded."""
        target = self.manager.follow(self.seen["link"])
        self._expect("rid=" in target, f"the link led to {target} without a click id")
        self.seen["landing"] = target
        self.say(f"   The link answered with 302 to {urlsplit(target).path}.")
        self._until("the click is counted", lambda: self.figures()["clicks"] > self.seen["before"]["clicks"])
        self._changed("clicks")

    def fill_in_form(self) -> None:
        """The friend fills in the form with the booking reference."""
        self.seen["friend"] = self._mail("Dirk")
        fields = {
            "name": "Dirk Tour", "email": self.seen["friend"], "booking_reference": f"TOUR-{self.mark}",
            "consent": "on",
        }  # fmt: skip
        page = self.manager.submit(self.seen["landing"], fields)
        self._expect(page.endswith("/thanks"), f"the form led to {page}")
        referral = self.manager.get(f"/referrals?search={self.seen['friend']}")[0]
        self.seen["referral"] = referral
        self.say(f"   The referral is there as “{referral['stage']['label']['en']}”.")
        reward = self._until("the reward is granted", lambda: self._reward("pending_approval"))
        self.say(f"   {_shown(reward['amount'])} for {reward['beneficiary']['name']} waits for approval.")
        self._balances(pending=REWARD, available=0, reserved=0, paid=0)
        self._changed("referrals", "conversions", "revenue_minor", "reward_minor")

    def approve(self) -> None:
        """Staff approve what waits, in bulk; no money moves yet."""
        result = self.manager.post("/referrals/approve", {"ids": [self.seen["referral"]["id"]]})
        self._expect(result["succeeded"] == 1, f"the approval answered {result}")
        reward = self._until("the reward is approved", lambda: self._reward("approved", "available"))
        self.say(f"   The referral is approved, the reward is {reward['status']}.")
        self._changed("completed")

    def wait_for_hold(self) -> None:
        """The holding period ends, and a scheduled job makes the reward available."""
        reward = self._until("the reward is available", lambda: self._reward("available"))
        self.seen["reward"] = reward
        self._balances(pending=0, available=REWARD, reserved=0, paid=0)

    def make_batch(self) -> None:
        """The manager makes a payout batch, and somebody else approves it."""
        ans = self.seen["ans"]
        account = {"holder": ans["name"], "iban": iban(random.Random(self.mark))}  # noqa: S311 - a made-up account
        self.manager.put(f"/participants/{ans['id']}/payout-account", account)
        batch = self.manager.post(
            "/payout-batches", {"reward_ids": [self.seen["reward"]["id"]], "format": "sepa"}
        )
        self.say(f"   Batch {batch['number']} holds {_shown(batch['total'])} for {self.seen['ans']['name']}.")
        self._balances(pending=0, available=0, reserved=REWARD, paid=0)
        self.seen["batch"] = self.admin.post(f"/payout-batches/{batch['id']}/approve", {})

    def send_file(self) -> None:
        """The bank file is written, checked against its schema, and sent."""
        batch = self.seen["batch"]
        content = self.admin.download(f"/payout-batches/{batch['id']}/file")
        faults = check_bank_file(content)
        self._expect(not faults, f"the bank file is not valid: {faults}")
        self.say(f"   {len(content)} bytes of pain.001.001.09, valid against the schema.")
        self.admin.post(f"/payout-batches/{batch['id']}/send", {})

    def pay(self) -> None:
        """The bank has paid."""
        done = self.admin.post(f"/payout-batches/{self.seen['batch']['id']}/paid", {})
        self._expect(done["status"] == "done", f"the batch is {done['status']}")
        self._expect(self._reward("settled") is not None, "the reward is not settled")
        self._balances(pending=0, available=0, reserved=0, paid=REWARD)
        self._changed("paid_minor")

    # ---- looking

    def figures(self) -> dict[str, Any]:
        """The dashboard's totals of today."""
        found: dict[str, Any] = self.manager.get("/analytics/dashboard?days=1")["totals"]
        return found

    def _balances(self, **expected: int) -> None:
        """Say what the customer has, and that it is what it must be."""
        held = next(iter(self.manager.get(f"/participants/{self.seen['ans']['id']}/balance")), None)
        found = {name: held[name]["amount_minor"] if held else 0 for name in expected}
        self._expect(found == expected, f"the balances are {found}, expected {expected}")
        shown = ", ".join(f"{name} {Money(minor, 'EUR').text}" for name, minor in found.items())
        self.say(f"   Balances: {shown}.")

    def _changed(self, *names: str) -> None:
        """Wait until the dashboard has what this story added to it since it began."""
        before, wanted = self.seen["before"], {name: ADDED[name] for name in names}

        def added() -> dict[str, int] | None:
            now = self.figures()
            more = {name: now[name] - before[name] for name in names}
            return more if all(more[name] >= wanted[name] for name in names) else None

        found = self._until(f"the dashboard shows {wanted}", added)
        self._expect(found == wanted or not self.alone, f"the dashboard added {found}, expected {wanted}")
        self.say("   Dashboard: " + ", ".join(_added(name, more) for name, more in found.items()) + ".")

    def _ended(self, job_id: str) -> Any:
        job = self.manager.get(f"/jobs/{job_id}")
        return job if job["state"] in ("succeeded", "failed") else None

    def _reward(self, *statuses: str) -> Any:
        rewards = self.manager.get(f"/rewards?referral={self.seen['referral']['id']}")
        return next((reward for reward in rewards if reward["status"] in statuses), None)

    def _until(self, what: str, look: Callable[[], Any]) -> Any:
        """Look again until there is something to see. Raises StoryBroken after the deadline."""
        for _ in _turns(self.patience):
            found = look()
            if found:
                return found
            self.meanwhile()
        raise StoryBroken(f"{what}: not within {self.patience:.0f} s")

    def _expect(self, is_so: bool, otherwise: str) -> None:
        if not is_so:
            raise StoryBroken(otherwise)

    def _mail(self, name: str) -> str:
        return f"{name.lower()}.{self.mark}@example.com"


def _shown(amount: Mapping[str, Any]) -> str:
    return Money(amount["amount_minor"], amount["currency"]).format("en")


def _added(name: str, more: int) -> str:
    if name.endswith("_minor"):
        return f"{name.removesuffix('_minor')} +{Money(more, 'EUR').format('en')}"
    return f"{name} +{more}"


def _turns(patience: float) -> Iterator[None]:
    """Turns at looking, ever further apart, until the patience is used up; at least two."""
    deadline, pause = time.monotonic() + patience, 0.05
    yield
    while time.monotonic() < deadline:
        time.sleep(min(pause, max(0.0, deadline - time.monotonic())))
        pause = min(pause * 1.5, 2.0)
        yield


@cache
def _bank_schema() -> Any:
    import xmlschema  # takes a third of a second, and only the last steps need it

    with as_file(files("sepaxml") / "schemas" / "pain.001.001.09.xsd") as path:
        return xmlschema.XMLSchema(str(path))


def check_bank_file(content: bytes) -> list[str]:
    """What is wrong with a bank file by the schema pain.001.001.09; nothing when it is valid."""
    return [str(fault.reason) for fault in _bank_schema().iter_errors(content.decode())]
