"""`kith operator`: people who run the installation."""

import click

from kith.kit import clock
from kith.kit.codes import random_token
from kith.kit.errors import DomainError
from kith.tenants import actions


@click.group(help="Look after the people who run this installation.")
def command() -> None:
    """Groups what concerns operators."""


@command.command("create", help="Make an operator, who gets the desk of the whole installation.")
@click.argument("username")
@click.option("--email", required=True, help="Where letters about the account go.")
@click.option("--name", default="", help="The name others see; USERNAME when left out.")
def create(username: str, email: str, name: str) -> None:
    """Prints the password, which is random and stored nowhere in clear."""
    password = random_token()
    try:
        user = actions.create_user(
            username=username, email=email, name=name or username, password=password, is_operator=True,
            now=clock.now(),
        )  # fmt: skip
    except DomainError as refusal:
        fields = [f"{field}: {remedy}" for field, remedy in refusal.fields.items()]
        raise click.ClickException(" ".join([refusal.text, *fields])) from None
    click.echo(
        f"{user.username} ({user.email}) is an operator; a second factor is set up at the first sign-in."
    )
    click.echo(f"Password, shown only now: {password}")
