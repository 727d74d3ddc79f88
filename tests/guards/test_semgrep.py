"""Each rule of tests/guards/semgrep finds its offender, and leaves the right way alone."""

import json
import re
import subprocess
from pathlib import Path

RULES = Path(__file__).parent / "semgrep" / "kith.yml"
ROOT = Path(__file__).parent.parent.parent

# Rule: (where, what it must find, what it must not).
OFFENDERS = {
    "plain-manager": ("models.py", "class A:\n    every = models.Manager()", "class A:\n    rows = TenantManager()"),
    "crossing-without-reason": (
        "queries.py", "with tenancy.across_tenants(why):\n    pass", "with across_tenants('housekeeping of all'):\n    pass"  # noqa: E501
    ),
    "crossing-for-a-caller": ("pages.py", "with across_tenants('it is easier so'):\n    pass", "with use(1):\n    pass"),  # noqa: E501
    "rows-in-the-wrong-layer": ("api.py", "found = Participant.objects.get(pk=1)", "found = queries.person(1)"),
    "sql-made-of-values": (
        "queries.py", "db.execute(f'select {word} from t')", "db.execute('select %s', [word])\ndb.execute(f'select {COLUMNS}')"  # noqa: E501
    ),
    "request-into-sql": (
        "queries.py", "def a(request):\n    q = request.GET['q']\n    db.execute(q)", "def a(request):\n    db.execute('x', [request.GET['q']])"  # noqa: E501
    ),
    "money-as-float": ("rules.py", "x = float(reward.amount_minor)", "x = float(seconds)"),
    "money-divided": ("rules.py", "x = row.amount_minor / 3", "x = row.amount_minor // 3"),
    "decimal-of-float": ("rules.py", "x = Decimal(float(y))\nz = Decimal(0.1)", "x = Decimal('0.1')"),
    "markup-of-values": ("pages.py", "x = format_html(f'<b>{name}</b>')", "x = format_html('<b>{}</b>', name)"),
    "request-into-markup": ("pages.py", "def a(request):\n    return mark_safe(request.GET['q'])", "x = mark_safe('<b>')"),  # noqa: E501
    "template-without-escaping": ("a.html", "<p>{{ name|safe }}</p>", "<p>{{ name|safely }}</p>"),
    "redirect-from-request": (
        "pages.py", "def a(request):\n    return HttpResponseRedirect(request.GET['next'])",
        "def a(request):\n    return HttpResponseRedirect(reverse('a', args=[request.GET['next']]))",
    ),
    "path-from-request": ("pages.py", "def a(request):\n    return open(request.GET['file'])", "x = open(name)"),
    "secret-in-log": ("jobs.py", "logger.info('for %s', user.password)", "logger.info('for %s', user.pk)"),
    "clock-of-the-machine": (
        "actions.py", "import datetime\nx = datetime.datetime.now(datetime.UTC)", "x = clock.now()"
    ),
    "weak-digest-or-chance": (
        "actions.py", "import hashlib, random\nx = hashlib.md5(y)\nz = random.random()", "import hashlib\nx = hashlib.sha256(y)"  # noqa: E501
    ),
    "data-that-runs": ("jobs.py", "import yaml\nx = yaml.load(y)\neval(z)", "import yaml\nx = yaml.safe_load(y)"),
    "trust-switched-off": ("providers.py", "x = client.get(url, verify=False)", "x = client.get(url)"),
}  # fmt: skip


def test_every_rule_finds_its_offender_and_nothing_else(tmp_path: Path) -> None:
    for rule, (name, bad, good) in OFFENDERS.items():
        for word, text in (("bad", bad), ("good", good)):
            path = tmp_path / "kith" / f"{word}_{rule.replace('-', '_')}" / name
            path.parent.mkdir(parents=True)
            path.write_text(text + "\n")
    done = subprocess.run(
        [ROOT / ".tools/scan/bin/semgrep", "scan", "--metrics", "off", "--disable-version-check", "--json",
         "--project-root", tmp_path, "--no-git-ignore", "--config", RULES, tmp_path / "kith"],
        capture_output=True, text=True, cwd=tmp_path, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["errors"] == []
    found = {
        (Path(each["path"]).parent.name, each["check_id"].rpartition(".")[2]) for each in said["results"]
    }
    assert found == {(f"bad_{rule.replace('-', '_')}", rule) for rule in OFFENDERS}


def test_every_rule_has_an_offender() -> None:
    assert set(re.findall(r"^  - id: (\S+)$", RULES.read_text(), re.MULTILINE)) == set(OFFENDERS)
