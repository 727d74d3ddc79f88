"""A new master key under a running installation, killed half-way."""

import hashlib
import json
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.faults.installation import Installation, house, until  # noqa: F401
from tests.machine import ROOT

PEOPLE = 6_000
DATA = (
    "participants_participant",
    "audit_event",
    "tenants_settingvalue",
    "tenants_member",
    "referrals_referral",
)


def content(home: Installation, tables: dict[str, int]) -> dict[str, str]:
    """A digest of the oldest rows of each table, with the place where each lies."""
    found = {}
    for table, rows in tables.items():
        lines = home.sql(f"select ctid::text, xmin::text, t::text from {table} t order by 3 limit {rows}")
        found[table] = hashlib.sha256(repr(lines).encode()).hexdigest()
    return found


def versions(home: Installation) -> dict[int, int]:
    """How many keys each master key wraps."""
    return dict(home.sql("select kek_version, count(*) from kit_subjectkey group by 1"))


def phone(home: Installation, headers: dict[str, str], number: int) -> str:
    """What the API decrypts of that person, whose address must be known as taken by its blind index."""
    email = f"p{number}@example.com"
    people = f"{home.url}/api/v1/participants"
    again = httpx.post(people, json={"name": "Again", "email": email}, headers=headers, timeout=30)
    assert (again.status_code, again.json()["code"]) == (409, "duplicate_email"), again.text
    answer = httpx.get(people, params={"search": email}, headers=headers, timeout=30)
    (found,) = [row for row in answer.json()["data"] if row["email"] == email]
    one = httpx.get(f"{people}/{found['id']}", headers=headers, timeout=30)
    return str(one.json()["data"]["phone"])


@pytest.mark.faults
def test_a_rotation_killed_half_way_goes_on(house: Installation, tmp_path: Path) -> None:  # noqa: F811
    """6,000 keys: kill -9 after the first thousands; a second call moves the rest: 0 keys under the former master,
    0 data rows touched, 0 calls failed meanwhile, every look-up by address finds its person."""
    team = house.organization()
    people = tmp_path / "people.csv"
    lines = (f"Person {each},p{each}@example.com,+3161{each:07d}" for each in range(PEOPLE))
    people.write_text("name,email,phone\n" + "\n".join(lines) + "\n")
    done = house.kith("import", "customers", str(people), "--tenant", team.slug)
    assert done.returncode == 0, done.stdout + done.stderr
    house.stop()
    secrets = Path(house.environment["KITH_DATA_DIR"]) / "secrets.json"
    former = json.loads(secrets.read_text())["master_key"]
    house.start()
    tables = {name: house.sql(f"select count(*) from {name}")[0][0] for name in DATA if _there(house, name)}
    before, (version,) = content(house, tables), versions(house)

    command = [sys.executable, "-m", "kith", "keys", "rotate"]
    first = subprocess.Popen(command, cwd=ROOT, env=house.environment, stdout=subprocess.DEVNULL)
    until(lambda: len(versions(house)) == 2, 60, "some keys are wrapped anew")
    first.send_signal(signal.SIGKILL)
    first.wait()
    left = versions(house).get(version, 0)
    assert 0 < left < PEOPLE
    for each in (7, PEOPLE - 1):
        assert phone(house, team.headers, each) == f"+3161{each:07d}"
    made = {"name": "Dana", "email": f"p{PEOPLE}@example.com", "phone": f"+3161{PEOPLE:07d}"}
    answer = httpx.post(f"{house.url}/api/v1/participants", json=made, headers=team.headers, timeout=30)
    assert answer.status_code == 201, answer.text
    assert "former" in house.kith("keys", "list").stdout

    second = house.kith("keys", "rotate")
    assert second.returncode == 0, second.stderr
    assert version not in versions(house)
    assert len(versions(house)) == 1
    assert content(house, tables) == before
    assert former not in secrets.read_text() or json.loads(secrets.read_text())["pepper_key"] == former
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    for each in (0, 1_234, PEOPLE):
        assert phone(house, team.headers, each) == f"+3161{each:07d}"
    listed = house.kith("keys", "list")
    assert re.fullmatch(r" *\d+  in use   wraps [\d,]+ key\(s\)\n", listed.stdout), listed.stdout
    print(
        f"1 kill, {left:,} of {sum(versions(house).values()):,} keys left for the second call, 0 under the former "
        f"master, {sum(tables.values()):,} data rows untouched"
    )


def _there(home: Installation, table: str) -> bool:
    return bool(home.sql("select to_regclass(%s) is not null", table)[0][0])
