"""Messages that people share, ready to be filled with a name and a link."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from kith.kit import clock, web
from kith.programs import rules
from kith.programs.models import Program
from kith.programs.queries.offers import offer
from kith.tenants.queries import current_tenant


@dataclass(frozen=True, slots=True)
class ShareTexts:
    """A program's messages in one language, with {name} and {link}, {offer} and {organization} where written."""

    whatsapp: str
    email_subject: str
    email: str
    sms: str
    copy: str
    offer: str
    organization: str

    def filled(self, *, name: str, link: str) -> dict[str, str]:
        """Channel -> the message for a person's first name and link; the offer comes from the rules."""
        values = {"name": name, "link": link, "offer": self.offer, "organization": self.organization}
        return {channel: rules.filled(getattr(self, channel), values) for channel in rules.CHANNELS}


def share_texts(program: Program, language: str, typed: Mapping[str, str] | None = None) -> ShareTexts:
    """What people of a program send their friends: the organization's own texts, else the usual ones.

    With `typed` as if these texts were saved.
    """
    organization = current_tenant().name
    with override(language):
        usual = usual_texts(organization)
        said = offer(program, at=clock.now()).shared
    saved = {channel: program.share_texts.get(channel, {}).get(language, "") for channel in rules.CHANNELS}
    own = saved if typed is None else {channel: typed.get(channel, "") for channel in rules.CHANNELS}
    texts = {channel: own[channel] or usual[channel] for channel in rules.CHANNELS}
    return ShareTexts(**texts, offer=said, organization=organization)


def share_sample(program: Program, language: str, typed: Mapping[str, str] | None = None) -> dict[str, str]:
    """The messages as somebody called Sanne would send them, to be looked at; `typed` as `share_texts` has it."""
    return share_texts(program, language, typed).filled(name="Sanne", link=f"{web.public_base()}/r/SANNE234")


def usual_texts(organization: str) -> Mapping[str, str]:
    """The messages of a program that has none of its own, in the active language."""
    given = {"organization": organization}
    return {
        "whatsapp": _("Hi! I am with %(organization)s and thought of you. {offer} Have a look: {link}") % given,
        "email_subject": _("Something for you from %(organization)s") % given,
        "email": _(
            "Hi,\n\nI am with %(organization)s and I think it is something for you too. {offer}\n\n"
            "Here is my personal link:\n{link}\n\nRegards,\n{name}"
        ) % given,
        "sms": _("Have a look at %(organization)s: {link} {offer} {name}") % given,
        "copy": _("I am with %(organization)s. {offer} {link}") % given,
    }  # fmt: skip


def share_faults(texts: Mapping[str, str]) -> dict[str, Any]:
    """What is wrong with messages to share, by channel."""
    found: dict[str, Any] = {}
    for channel, text in texts.items():
        if channel not in rules.CHANNELS:
            found[channel] = gettext_lazy("Unknown. Use: %(allowed)s.") % {
                "allowed": ", ".join(rules.CHANNELS)
            }
        elif len(text) > rules.CHANNELS[channel]:
            found[channel] = gettext_lazy("Use text of at most %(allowed)s characters.") % {
                "allowed": rules.CHANNELS[channel]
            }
        elif unknown := rules.unknown_placeholders(text):
            found[channel] = gettext_lazy(
                "Kith does not know %(unknown)s. Use {name}, {link}, {offer} and {organization} only."
            ) % {"unknown": ", ".join(unknown)}
        elif text.strip() and channel != "email_subject" and "{link}" not in text:
            found[channel] = gettext_lazy("Put {link} in the text, or nobody can follow it.")
    return found
