"""The travel company's main job by API alone: the tour that `kith demo story` gives, and where it stops."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

import kith.env
from kith.commands import demo
from kith.kit import jobs, tenancy
from kith.ledger import queries as books
from kith.presets.providers.client import Client, Refused, Unreachable
from kith.presets.story import REWARD, Story, StoryBroken, check_bank_file
from kith.referrals.models import Click, Referral
from kith.rewards.models import Reward
from tests.flows.conftest import Organization
from tests.serving import Live

pytestmark = pytest.mark.django_db(databases=["default", "counters"])


def staff(live: Live, organization: Organization) -> dict[str, Client]:
    return {
        role: Client(live.url).sign_in(
            organization.username(role), organization.passwords[role], organization.tenant.slug
        )
        for role in ("admin", "manager")
    }


def catch_up(live: Live) -> None:
    """What worker and scheduler do within a minute."""
    jobs.enqueue("rewards.mature_due")
    live.settle()


def test_the_story_by_api_alone(live: Live, organization: Organization) -> None:
    said: list[str] = []
    story = Story(
        url=live.url, staff=staff(live, organization), say=said.append, meanwhile=lambda: catch_up(live),
        mark="QX7", alone=True,
    )  # fmt: skip
    story.tell()

    assert [line.strip()[0:2].strip(".") for line in said if line.startswith("\n")] == [
        str(n) for n in range(1, 11)
    ]
    assert story.figures()["paid_minor"] == REWARD
    with tenancy.use(organization.tenant.id):
        assert books.check() == []
        referral = Referral.objects.get()
        assert (referral.category, referral.method) == ("completed", "click")
        assert referral.click_id == Click.objects.get().id
        assert Reward.objects.get().status == "settled"

    # Told again, nothing of the first time is in the way.
    again = Story(
        url=live.url,
        staff=story.staff,
        say=said.append,
        meanwhile=lambda: catch_up(live),
        mark="QX8",
        alone=True,
    )
    again.tell()
    assert story.figures()["paid_minor"] == 2 * REWARD
    with pytest.raises(StoryBroken, match="import"):
        Story(
            url=live.url,
            staff=story.staff,
            say=said.append,
            meanwhile=lambda: catch_up(live),
            mark="QX8",
            alone=True,
        ).tell()


def test_what_never_happens_is_not_waited_for_forever(live: Live, organization: Organization) -> None:
    story = Story(
        url=live.url, staff=staff(live, organization), say=lambda _: None, meanwhile=lambda: None, mark="QX9",
        patience=0.2,
    )  # fmt: skip
    with pytest.raises(StoryBroken, match="the import is done: not within"):
        story.tell()


def test_a_client_gets_new_tokens_and_says_what_was_refused(live: Live, organization: Organization) -> None:
    client = staff(live, organization)["manager"]
    client._access = "expired"
    assert client.get("/me")["role"] == "manager"
    made = client.post("/participants", {"name": "Ans", "email": "ans@example.com"})
    account = {"holder": "Ans", "iban": "NL00DEMO0000000000"}
    with pytest.raises(Refused, match=r"payout_account_invalid.*iban") as refusal:
        client.put(f"/participants/{made['id']}/payout-account", account)
    assert refusal.value.status == 422
    with pytest.raises(Unreachable):
        Client("http://127.0.0.1:9").get("/me")


def test_a_bank_file_that_is_not_one_has_faults() -> None:
    text = '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn/></Document>'
    assert check_bank_file(text.encode())


def test_the_command_tells_the_story_or_why_it_cannot(
    live: Live, organization: Organization, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kith.env, "env", kith.env.read({"KITH_DATA_DIR": str(tmp_path)}))
    slug = organization.tenant.slug
    arguments = ["story", "--url", live.url, "--tenant", slug]
    done = CliRunner().invoke(demo.command, arguments)
    assert (done.exit_code, "no demo sign-ins" in done.output) == (1, True)

    rows = [
        {"tenant": slug, "role": role, "username": organization.username(role), "password": "wrong"}
        for role in ("admin", "manager")
    ]  # fmt: skip
    (tmp_path / "credentials.json").write_text(json.dumps(rows))
    done = CliRunner().invoke(demo.command, arguments)
    assert (done.exit_code, "sign_in_refused" in done.output) == (1, True)
