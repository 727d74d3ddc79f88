"""Links, their clicks, and how participants share their own."""

import datetime
from dataclasses import dataclass
from urllib.parse import quote, urlencode
from uuid import UUID

from django.db.models import QuerySet

from kith.kit import codes, web
from kith.participants.models import Participant
from kith.programs.queries import default_program, share_texts
from kith.programs.rules import CHANNELS
from kith.referrals.models import Click, Link
from kith.referrals.queries.referrals import NEWEST


def link_list(*, participant_id: UUID | None = None) -> QuerySet[Link]:
    """Links with participant and program, newest first."""
    found: QuerySet[Link] = Link.objects.select_related("participant", "program", "campaign").order_by(
        *NEWEST
    )
    return found.filter(participant_id=participant_id) if participant_id else found


def shared_links(participant_id: UUID) -> list[tuple[Link, str]]:
    """The participant's 50 newest links that work, each with its address."""
    rows = link_list(participant_id=participant_id).filter(active=True)[:50]
    return [(row, address(row.slug)) for row in rows]


def click_between(click_id: UUID, earliest: datetime.datetime, latest: datetime.datetime) -> Click | None:
    """The click of that id within a period; the period keeps the search out of the other months."""
    found: Click | None = Click.objects.filter(
        pk=click_id, occurred_at__gte=earliest, occurred_at__lte=latest, is_bot=False
    ).first()
    return found


def address(code: str, *, channel: str = "") -> str:
    """The address people share."""
    return f"{web.public_base()}/r/{codes.normalize(code)}{f'?c={channel}' if channel else ''}"


@dataclass(frozen=True, slots=True)
class Share:
    """A participant's link, and for each channel the address that opens it with a message ready to send."""

    code: str
    link: str
    qr_link: str
    text: str
    whatsapp: str
    email: str
    sms: str


def share(participant: Participant, *, name: str, language: str) -> Share:
    """How a participant shares: the messages of the default program, signed with a first name.

    Nobody's address is asked for: the person's own mail and chat programs send.
    """
    program = default_program()
    link = address(participant.code)
    texts = {}
    if program is not None:
        said = share_texts(program, language)
        texts = {
            channel: said.filled(name=name, link=address(participant.code, channel=channel.partition("_")[0]))[channel]
            for channel in CHANNELS
        }  # fmt: skip

    def ready(scheme: str, **fields: str) -> str:
        return f"{scheme}?{urlencode({key: text for key, text in fields.items() if text}, quote_via=quote)}"

    return Share(
        code=participant.code, link=link, qr_link=address(participant.code, channel="qr"),
        text=texts.get("copy", link),
        whatsapp=ready("https://wa.me/", text=texts.get("whatsapp", link)),
        email=ready("mailto:", subject=texts.get("email_subject", ""), body=texts.get("email", link)),
        sms=ready("sms:", body=texts.get("sms", link)),
    )  # fmt: skip
