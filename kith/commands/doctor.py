"""`kith doctor`: is this installation sound, and if not, what mends it?"""

import json
import sys

import click

from kith.commands import _checks


@click.command(help="Check this installation and say how to mend what is wrong.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list instead of lines.")
def command(as_json: bool) -> None:
    """Exit code 1 when a check fails."""
    findings = _checks.examine()
    if as_json:
        click.echo(json.dumps([vars(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            click.echo(f"{'OK  ' if finding.ok else 'FAIL'}  {finding.name}: {finding.detail}")
            if not finding.ok:
                click.echo(f"      {finding.remedy}")
    sys.exit(0 if all(finding.ok for finding in findings) else 1)
