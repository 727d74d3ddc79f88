"""The travel company's guide, word for word: its curl lines against a real server."""

import json
import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from kith.kit import clock, tenancy
from kith.kit.actors import SYSTEM
from kith.presets import actions as presets
from kith.referrals.models import Referral
from kith.rewards.models import Reward
from tests.serving import Live

pytestmark = pytest.mark.django_db(databases=["default", "counters"])

LINES = (Path(__file__).parent / "data" / "travel_calls.sh").read_text()
PASSWORD = "a password nobody knows"


class Guide:
    """The guide's commands by their heading; words that stand for something are filled in, nothing else."""

    def __init__(self, live: Live, folder: Path) -> None:
        self.live, self.folder, self.token = live, folder, ""
        found = [part.split("\n", 1) for part in LINES.split("# ")[1:]]
        self.commands = {title.strip(): command.strip() for title, command in found}
        self.used: set[str] = set()

    def run(self, title: str, **words: str) -> Any:
        """Run one command and return (status, body)."""
        self.used.add(title)
        command = self.commands[title].replace("http://localhost", self.live.url)
        command = command.replace("YOUR_TOKEN", self.token).replace("Bearer TOKEN", f"Bearer {self.token}")
        for word, value in words.items():
            assert word in command
            command = command.replace(word, value)
        done = subprocess.run(
            [*shlex.split(command.replace("\\\n", " ")), "-s", "-w", "\n%{http_code}"],
            cwd=self.folder, capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]},
        )  # fmt: skip
        body, _, status = done.stdout.rpartition("\n")
        return int(status), json.loads(body) if body.startswith("{") else body


@pytest.fixture
def guide(live: Live, tmp_path: Path, committed: Any) -> tuple[Guide, Any]:
    """A travel organization with its administrator, and a customer whose code the guide uses."""
    slug = f"travel-{os.urandom(4).hex()}"
    owner = presets.Owner(
        username=f"admin-{slug}", email=f"admin@{slug}.example.com", name="Admin", password=PASSWORD
    )
    tenant = presets.load_preset(
        code="travel", slug=slug, name="Travel", owner=owner, actor=SYSTEM, now=clock.now()
    )
    return Guide(live, tmp_path), tenant


def test_every_call_of_the_guide_works(guide: tuple[Guide, Any]) -> None:
    calls, tenant = guide
    status, body = calls.run("Login", admin123=PASSWORD, **{'"admin"': f'"admin-{tenant.slug}"'})
    assert status == 200
    calls.token = body["data"]["token"]

    assert calls.run("Use token in subsequent requests")[0] == 200
    status, body = calls.run("Add customer")
    assert (status, body["data"]["bebsy_customer_id"]) == (201, "CUST001")
    code = body["data"]["referral_code"]
    status, body = calls.run("Get customers")
    assert [row["name"] for row in body["data"]] == ["Jan Jansen"]
    assert body["pagination"]["total"] == 1

    (calls.folder / "customers.csv").write_text(
        "bebsy_customer_id,name,email\nCUST002,Piet Peters,piet@example.com\n"
    )
    status, body = calls.run("Import customers (CSV)")
    assert status == 202
    calls.live.settle()
    assert calls.run("Use token in subsequent requests")[1]["pagination"]["total"] == 2

    status, body = calls.run("Create referral", ABC12345=code)
    assert (status, body["data"]["booking_reference"]) == (201, "BOOK001")
    status, body = calls.run("Create referral", ABC12345=code)
    assert (status, body["code"]) == (409, "duplicate_booking")
    with tenancy.use(tenant.id):
        first = str(Referral.objects.get().id)
    status, body = calls.run("Update referral status", REFERRAL_ID=first)
    assert (status, body["data"]["status"], body["data"]["reward_amount"]) == (200, "approved", "25.00")

    others = more_referrals(calls, code)
    status, body = calls.run("Bulk update referrals", id1=others[0], id2=others[1])
    assert (status, body["data"]["updated"]) == (200, 2)
    with tenancy.use(tenant.id):
        assert set(Reward.objects.values_list("status", flat=True)) <= {"approved", "available"}
        assert Reward.objects.count() == 3

    calls.live.settle()
    status, body = calls.run("Dashboard statistics")
    assert (status, body["data"]["total_referrals"], body["data"]["approved_referrals"]) == (200, 3, 3)
    assert body["data"]["total_rewards"] == "75.00"
    assert calls.run("Conversion rates")[1]["data"]["conversion_rate"] == 100.0
    assert calls.run("Revenue impact")[1]["data"]["total_revenue"] == "1500.00"

    calls.run("Export customers (JSON)")
    exported = json.loads((calls.folder / "customers.json").read_text())
    assert {row["name"] for row in exported["data"]} == {"Jan Jansen", "Piet Peters"}
    calls.run("Export referrals (CSV)")
    assert "BOOK001" in (calls.folder / "referrals.csv").read_text()
    assert calls.used == set(calls.commands)


def more_referrals(calls: Guide, code: str) -> list[str]:
    """Two more friends, by the same call."""
    found = []
    for number in (2, 3):
        status, body = calls.run(
            "Create referral", ABC12345=code, BOOK001=f"BOOK00{number}",
            **{"newcustomer@example.com": f"friend{number}@example.com"},
        )  # fmt: skip
        assert status == 201
        found.append(body["data"]["id"])
    return found


def test_wrong_password_and_no_token_are_refused(guide: tuple[Guide, Any]) -> None:
    calls, tenant = guide
    status, body = calls.run("Login", **{'"admin"': f'"admin-{tenant.slug}"'})
    assert (status, body["code"]) == (401, "sign_in_refused")
    status, body = calls.run("Use token in subsequent requests")
    assert (status, body["status"]) == (401, "error")
