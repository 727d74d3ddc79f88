"""What `kith backup` wrote comes back whole, or not at all."""

import json
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from kith.commands import _archive
from kith.kit import provision
from kith.kit.embedded import Cluster
from kith.kit.starting import CannotStart, Exit
from kith.presets.providers.client import Client
from kith.presets.story import Story
from tests import machine, postgres
from tests.faults.installation import Installation, Team, installation, prepare
from tests.machine import ROOT, open_to_server, until

PHONE = "+31612345678"
WRITERS = 4

# ---- the file


def _written(path: Path, **parts: bytes) -> Path:
    with _archive.writing(path) as archive:
        for name, content in parts.items():
            source = path.with_name(name)
            source.write_bytes(content)
            with source.open("rb") as stream:
                archive.add(f"files/{name}", stream)
        archive.describe({"kith": "0"})
    return path


def test_a_backup_gives_back_what_was_put_in(tmp_path: Path) -> None:
    path = _written(tmp_path / "one.backup", a=b"first", b=b"")
    assert path.stat().st_mode & 0o777 == 0o600
    with _archive.reading(path) as backup:
        assert [(name, backup.part(f"files/{name}").read()) for name in backup.files()] == [
            ("a", b"first"),
            ("b", b""),
        ]


def test_every_single_changed_byte_is_noticed(tmp_path: Path) -> None:
    whole = _written(tmp_path / "one.backup", a=b"first").read_bytes()
    changed = tmp_path / "changed.backup"
    for place in range(len(whole)):
        changed.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(CannotStart, match="cannot be restored") as refusal, _archive.reading(changed):
            pass
        assert refusal.value.code is Exit.DATA


@pytest.mark.parametrize("length", [0, 1, 63, 64, 100, -1])
def test_a_backup_that_was_cut_off_is_refused(length: int, tmp_path: Path) -> None:
    path = _written(tmp_path / "one.backup", a=b"first")
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(CannotStart, match="cannot be restored"), _archive.reading(path):
        pass


def test_a_part_outside_of_its_folder_is_refused(tmp_path: Path) -> None:
    with _archive.writing(tmp_path / "one.backup") as archive:
        with (ROOT / "LICENSE").open("rb") as stream:
            archive.add("files/../../etc/evil", stream)
        archive.describe({})
    with pytest.raises(CannotStart, match="lies outside"), _archive.reading(tmp_path / "one.backup"):
        pass


def test_an_unfinished_backup_never_looks_like_one(tmp_path: Path) -> None:
    def pull_the_plug() -> None:
        with _archive.writing(tmp_path / "one.backup") as archive, (ROOT / "LICENSE").open("rb") as stream:
            archive.add("files/a", stream)
            assert [path.suffix for path in tmp_path.iterdir()] == [".partial"]
            raise RuntimeError("the plug is pulled")

    with pytest.raises(RuntimeError, match="pulled"):
        pull_the_plug()
    assert list(tmp_path.iterdir()) == []


# ---- whole installations


@pytest.fixture
def given(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """A server of the system, as an operator gives one: `given(name)` is the owner's address of a new database."""
    open_to_server(tmp_path)
    cluster = Cluster(tmp_path / "given", durable=False, binaries=postgres.system_binaries())
    cluster.ensure()

    def make(name: str) -> str:
        provision.create_owner(cluster.url(), name, "given-password")
        with psycopg.connect(cluster.url(), autocommit=True) as admin:
            admin.execute("alter role kith_owner createdb")
        return cluster.url(provision.OWNER_ROLE, name, "given-password")

    yield make
    cluster.stop()


@pytest.mark.faults
def test_a_backup_under_writers_comes_back_on_either_server(
    given: Callable[[str], str], tmp_path: Path
) -> None:
    """On Debian's server, while 4 clients write: 0 rows and 0 cents differ from the manifest after restoring into a
    fresh database there and into the embedded server; everything acknowledged before the backup began is in it;
    people sign in, phone numbers decrypt, uploads are there, and events written afterwards are delivered."""
    target = tmp_path / "one.backup"
    folders = [tmp_path / name for name in ("first", "second", "third")]
    for folder in folders:
        folder.mkdir()
    with installation(folders[0], KITH_DATABASE_URL=given("kith")) as house:
        team = house.organization()
        _tell_story(house, team)
        person = _create(house, team, "Dana Dekker", PHONE)
        with _writers(house, team) as acknowledged:
            until(lambda: len(acknowledged) >= 20, 60, "the writers have begun")
            before = set(acknowledged)
            _succeeds(house.kith("backup", str(target), "--with-secrets"))
            until(lambda: len(acknowledged) >= len(before) + 5, 60, "the writers went on")
        uploads = _uploads(house)
        assert house.stop() == 0
    manifest = _manifest(target)
    url = given("again")
    app = url.replace("kith_owner:given-password", "again_app:again-password")
    again = prepare(folders[1], KITH_DATABASE_URL=url, KITH_APP_DATABASE_URL=app)
    _succeeds(again.kith("restore", str(target)))
    rows, sums = _held(again, url)
    assert rows == manifest["counts"]
    assert sums == [(line["tenant"], line["currency"], int(line["held"])) for line in manifest["ledger"]]
    assert len(sums) > 0
    fresh = prepare(folders[2])
    _succeeds(fresh.kith("restore", str(target)))
    try:
        fresh.start()
        kept = {row[0] for row in fresh.sql("select name from participants_participant")}
        assert before <= kept
        assert _phone(fresh, team, person) == PHONE
        assert _uploads(fresh) == uploads
        assert Client(fresh.url).sign_in(team.username, team.password, team.slug)
        future = "select count(*) from kit_outboxevent where txid >= event_horizon()"
        assert fresh.sql(future) == [(0,)]
        _tell_story(fresh, team)
    finally:
        fresh.clean()
    print(
        f"{len(acknowledged)} people written meanwhile, {len(before)} before the backup and all of them in it; "
        f"{sum(rows.values()):,} rows of {len(rows)} tables and {len(sums)} sums equal on PostgreSQL 15 and 18."
    )


@pytest.mark.faults
def test_a_restore_that_is_refused_or_killed_leaves_the_former_data(tmp_path: Path) -> None:
    """On the embedded server: a damaged backup, one without its key, and a full installation are refused with exit
    code 65; of 4 restores with --replace killed at different moments each leaves the former data in force, and a
    fifth brings the backup back."""
    target, keyless = tmp_path / "one.backup", tmp_path / "keyless.backup"
    with installation(tmp_path) as house:
        team = house.organization()
        person = _create(house, team, "Dana Dekker", PHONE)
        _succeeds(house.kith("backup", str(target), "--with-secrets"))
        _succeeds(house.kith("backup", str(keyless)))
        _create(house, team, "After Backup", PHONE)
        _refused(house.kith("restore", str(target), "--replace"), "Kith already runs", Exit.BUSY)
        house.stop()
        damaged = tmp_path / "damaged.backup"
        content = bytearray(target.read_bytes())
        content[len(content) // 2] ^= 1
        damaged.write_bytes(content)
        _refused(house.kith("restore", str(damaged), "--replace"), "not what was written", Exit.DATA)
        _refused(house.kith("restore", str(target)), "add --replace", Exit.DATA)
        (tmp_path / "elsewhere").mkdir()
        _refused(prepare(tmp_path / "elsewhere").kith("restore", str(keyless)), "master key", Exit.DATA)
        for word in ("is whole", "Filling", "Filling", "Bringing"):
            _kill_when_said(house, ["restore", str(target), "--replace"], word)
            assert _names(house) == {"Dana Dekker", "After Backup"}, word
        _succeeds(house.kith("restore", str(target), "--replace"))
        house.start()
        assert {row[0] for row in house.sql("select name from participants_participant")} == {"Dana Dekker"}
        assert _phone(house, team, person) == PHONE
    print("3 backups refused with 65, 4 restores killed without a trace, 1 restored with its keys.")


def test_old_backups_of_a_folder_are_removed(tmp_path: Path, database: postgres.TestDatabase) -> None:
    for day in range(1, 5):
        (tmp_path / f"kith-2026060{day}T020000Z.backup").touch()
    (tmp_path / "notes.txt").touch()
    data = tmp_path.parent / f"{tmp_path.name}-var"
    done = _kith(["backup", str(tmp_path), "--keep", "3"], data, database)
    assert done.returncode == 0, done.stderr
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left[:2] == ["kith-20260603T020000Z.backup", "kith-20260604T020000Z.backup"]
    assert len(left) == 4
    with _archive.reading(tmp_path / left[2]) as backup:
        assert backup.manifest["counts"]["ledger_currency"] > 100
    missing = tmp_path / "made" / "when missing"
    done = _kith(["backup", str(missing)], data, database)
    assert done.returncode == 0, done.stderr
    assert missing.stat().st_mode & 0o777 == 0o700
    assert len(list(missing.glob("kith-*.backup"))) == 1


@pytest.fixture
def database() -> Iterator[postgres.TestDatabase]:
    made = postgres.acquire()
    yield made
    postgres.release(made)


# ---- what the tests do


def _kith(
    arguments: list[str], data: Path, database: postgres.TestDatabase
) -> "subprocess.CompletedProcess[str]":
    house = prepare(data.parent, KITH_DATABASE_URL=database.owner_url, KITH_APP_DATABASE_URL=database.app_url)
    environment = {**house.environment, "KITH_DATA_DIR": str(data)}
    return machine.kith(*arguments, environment=environment)


def _tell_story(house: Installation, team: Team) -> None:
    """A referral from import to payout: every table of the main job has rows, and the ledger has moved."""
    staff = Client(house.url).sign_in(team.username, team.password, team.slug)
    for key, value in (("name", "Wandelvogel"), ("iban", "NL91ABNA0417164300")):
        staff.put(f"/settings/payouts.debtor_{key}", {"value": value})
    mark = f"{team.slug[-4:]}{len(house.sql('select 1 from participants_participant'))}".upper()
    story = Story(
        url=house.url, staff={"manager": staff, "admin": staff}, say=lambda _: None,
        meanwhile=lambda: None, mark=mark,
    )  # fmt: skip
    story.tell()


def _create(house: Installation, team: Team, name: str, phone: str = "") -> str:
    body = {"name": name, "email": f"{name.replace(' ', '.').lower()}@example.com", "phone": phone}
    answer = httpx.post(f"{house.url}/api/v1/participants", json=body, headers=team.headers, timeout=30)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["id"])


def _phone(house: Installation, team: Team, person: str) -> Any:
    answer = httpx.get(f"{house.url}/api/v1/participants/{person}", headers=team.headers, timeout=30)
    return answer.json()["data"]["phone"]


class _writers:
    """Clients that create people as fast as they can; the names of those acknowledged."""

    def __init__(self, house: Installation, team: Team) -> None:
        self.house, self.team = house, team
        self.names: list[str] = []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self._write, args=[number]) for number in range(WRITERS)]

    def _write(self, number: int) -> None:
        count = 0
        while not self.over.is_set():
            count += 1
            name = f"Writer {number} {count}"
            _create(self.house, self.team, name)
            self.names.append(name)

    def __enter__(self) -> list[str]:
        for thread in self.threads:
            thread.start()
        return self.names

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join(30)


def _uploads(house: Installation) -> dict[str, bytes]:
    folder = house.folder / "var" / "files"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _manifest(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        found: dict[str, Any] = json.loads(archive.read("manifest.json"))
    return found


def _held(house: Installation, url: str) -> tuple[dict[str, int], list[tuple[int, str, int]]]:
    """Rows per table and sums per organization and currency, as a superuser whom nothing is hidden from."""
    server = Cluster(house.folder.parent / "given", binaries=postgres.system_binaries())
    with psycopg.connect(server.url(database=url.rpartition("/")[2])) as admin:
        names = [row[0] for row in admin.execute(
            "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"
            " and relpersistence = 'p'"
        )]  # fmt: skip
        rows = {name: admin.execute(f"select count(*) from {name}").fetchone()[0] for name in names}  # type: ignore[index]
        sums = admin.execute(
            "select tenant_id, currency, sum(abs(balance))::bigint from ledger_account group by 1, 2 order by 1, 2"
        ).fetchall()
    return rows, [(tenant, currency, int(held)) for tenant, currency, held in sums]


def _names(house: Installation) -> set[str]:
    """Everybody in the stopped installation's database."""
    cluster = Cluster(house.folder / "var")
    cluster.ensure()
    try:
        with psycopg.connect(cluster.url(database="kith")) as admin:
            return {row[0] for row in admin.execute("select name from participants_participant").fetchall()}
    finally:
        cluster.stop()


def _kill_when_said(house: Installation, arguments: list[str], word: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "kith", *arguments],
        cwd=ROOT,
        env=house.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert any(word in line for line in process.stdout), f"never said {word}"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()


def _succeeds(done: "subprocess.CompletedProcess[str]") -> None:
    assert done.returncode == 0, done.stderr


def _refused(done: "subprocess.CompletedProcess[str]", words: str, code: Exit) -> None:
    assert words in done.stderr, done.stderr
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (code, 1), done.stderr
