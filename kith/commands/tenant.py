"""`kith tenant`: organizations of this installation."""

import click
from django.utils.text import slugify

from kith.kit import clock
from kith.kit.actors import OPERATOR
from kith.kit.codes import random_token
from kith.kit.errors import DomainError
from kith.presets import actions, queries


@click.group(help="Look after organizations.")
def command() -> None:
    """Groups what concerns organizations."""


@command.command("create", help="Set up an organization from a preset, with its first owner.")
@click.argument("slug")
@click.option("--preset", required=True, help="Which preset; `kith tenant presets` lists them.")
@click.option("--name", required=True, help="The organization's name as people know it.")
@click.option("--owner-email", required=True, help="E-mail address of the first owner.")
@click.option("--owner-name", default="", help="Name of the first owner.")
@click.option("--username", default="", help="User name of the first owner; made from SLUG when left out.")
def create(slug: str, preset: str, name: str, owner_email: str, owner_name: str, username: str) -> None:
    """Prints the owner's password, which is random and stored nowhere in clear."""
    owner = actions.Owner(
        username=username or f"{slugify(slug)}-owner", email=owner_email,
        name=owner_name or owner_email.partition("@")[0], password=random_token(),
    )  # fmt: skip
    try:
        tenant = actions.load_preset(
            code=preset, slug=slug, name=name, owner=owner, actor=OPERATOR, now=clock.now()
        )
    except DomainError as refusal:
        raise click.ClickException(_sentence(refusal)) from None
    click.echo(f"{tenant.name} is set up as {tenant.slug}.")
    click.echo(f"Owner: {owner.username} ({owner.email})")
    click.echo(f"Password, shown only now: {owner.password}")


@command.command("presets", help="List what an organization can be set up from.")
def presets() -> None:
    """One line per preset."""
    for code in queries.preset_codes():
        click.echo(f"{code}  {queries.get_preset(code).title['en']}")


@command.command("invite", help="Mail somebody the link with which an organization can be set up.")
@click.argument("email")
@click.option("--language", default="en", help="Language of the letter: en or nl.")
def invite(email: str, language: str) -> None:
    """The letter goes out with the next work of the worker; its link is good for a week."""
    try:
        actions.ask_to_start(email=email, language=language, address="command line")
    except DomainError as refusal:
        raise click.ClickException(_sentence(refusal)) from None
    click.echo(f"A letter with the link is on its way to {email}.")


def _sentence(refusal: DomainError) -> str:
    """What is wrong and where; a sentence that says it already is not repeated."""
    fields = [
        f"{name}: {remedy}" for name, remedy in refusal.fields.items() if str(remedy) not in refusal.text
    ]
    return " ".join([refusal.text, *fields])
