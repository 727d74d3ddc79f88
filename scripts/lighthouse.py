"""`make lighthouse`: what Lighthouse gives four pages of the demonstration, as a slow phone sees them.

Kith has to run (`make run`). Lighthouse needs Node; it is kept in .tools/lighthouse and nothing else uses it.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import click
from visitors import Demonstration, Visitor, demonstration

ROOT = Path(__file__).parent.parent
TOOLS = ROOT / ".tools" / "lighthouse"
VERSION = "12.8.2"
# Pages behind a sign-in and personal links say `noindex` on purpose; all else of the category counts for them too.
LEFT_OUT = "is-crawlable"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
WANTED = 95


def program() -> Path:
    """Lighthouse, installed when it is not there yet. Exits with a sentence without Node."""
    found = TOOLS / "node_modules" / ".bin" / "lighthouse"
    if not shutil.which("npm") or not shutil.which("node"):
        raise SystemExit("Lighthouse needs Node and npm, which are not here; run: apt-get install nodejs npm")
    if not found.exists():
        TOOLS.mkdir(parents=True, exist_ok=True)
        command = [
            "npm",
            "install",
            "--prefix",
            str(TOOLS),
            "--no-fund",
            "--no-audit",
            "--fetch-retries=1",
            "--fetch-timeout=30000",
            f"lighthouse@{VERSION}",
        ]
        if subprocess.run(command, check=False).returncode:  # noqa: S603 - the words are ours
            raise SystemExit(f"npm could not install lighthouse@{VERSION}; see above.")
    return found


def pages(demo: Demonstration) -> dict[str, tuple[Visitor, str]]:
    """What is measured."""
    return {
        "portal home": (demo.participant, demo.participant.home),
        "landing page": (demo.friend, demo.friend.home),
        "console home": (demo.staff, demo.staff.home),
        "referrals queue": (demo.staff, f"{demo.staff.home}referrals/"),
    }


def scores(lighthouse: Path, demo: Demonstration, visitor: Visitor, way: str) -> dict[str, int]:
    """Category -> 0 to 100."""
    said = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    command = [
        str(lighthouse), demo.url + way, "--quiet", "--output=json", f"--only-categories={','.join(CATEGORIES)}",
        f"--skip-audits={LEFT_OUT}",
        "--chrome-flags=--headless=new --no-sandbox --disable-dev-shm-usage",
        f"--extra-headers={json.dumps({'Cookie': said} if said else {})}",
    ]  # fmt: skip
    environment = {**os.environ, "CHROME_PATH": os.environ.get("CHROME_PATH", "/usr/bin/chromium")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)  # noqa: S603 - as above
    if done.returncode:
        raise SystemExit(f"Lighthouse could not look at {way}:\n{done.stderr[-1500:]}")
    found = json.loads(done.stdout)["categories"]
    return {name: round((found[name]["score"] or 0) * 100) for name in CATEGORIES}


def main() -> None:
    """Print the table; fails when a page is below `WANTED` in a category."""
    lighthouse, demo = program(), demonstration()
    click.echo(f"{'':18}" + "".join(f"{name:>16}" for name in CATEGORIES))
    low = []
    for name, (visitor, way) in pages(demo).items():
        row = scores(lighthouse, demo, visitor, way)
        click.echo(f"{name:18}" + "".join(f"{row[each]:>16}" for each in CATEGORIES))
        low += [f"{name}: {each} {row[each]}" for each in CATEGORIES if row[each] < WANTED]
    if low:
        raise SystemExit(f"Below {WANTED}: " + ", ".join(low))


if __name__ == "__main__":
    main()
