"""Landing pages: written as a draft, published on purpose, brought back from an earlier version; and share texts."""

import datetime
from collections.abc import Mapping
from typing import IO, Any

from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from kith.kit import errors, files, images, outbox
from kith.kit.actors import SYSTEM, Actor
from kith.programs import queries, rules
from kith.programs.events import ProgramChanged
from kith.programs.models import LandingPicture, LandingVersion, Program, VersionStatus

PICTURE_SIDE, PICTURE_BYTES = 1200, 48 * 1024
# A picture that no version names any more is kept this long, for a page that is being written at this moment.
UNUSED_KEPT = datetime.timedelta(days=7)


class NothingToPublish(errors.Conflict):
    """No draft is being written."""

    code = "nothing_to_publish"
    message = _("There is no draft to publish. Change something first.")


class NoSuchVersion(errors.NotFound):
    """No version of that number was published."""

    code = "landing_version_unknown"
    message = _("This version of the page does not exist.")


class LandingFault(errors.Invalid):
    """The page cannot be stored; `fields` names the place and the remedy."""

    code = "landing_invalid"
    message = _("The landing page needs attention at “%(path)s”.")


_REMEDIES = {
    "by_language": _("Give texts by language."),
    "unknown_field": _("Unknown. Use: %(allowed)s."),
    "text": _("Use text of at most %(allowed)s characters."),
    "list": _("List at most %(allowed)s."),
    "question": _("Give each question its answer."),
    "blocks": _("Use these blocks: %(allowed)s."),
    "picture": _("Name a picture by its id, as the landing page's editor gave it, or leave it empty."),
}


def edit_landing(
    *,
    program: Program,
    language: str,
    texts: Mapping[str, Any],
    block: str = "",
    move: str = "",
    picture: IO[bytes] | None = None,
    without_picture: bool = False,
    actor: Actor,
    now: datetime.datetime,
) -> LandingVersion:
    """Write texts of one language into the draft, then move, hide or show a block, put a picture in or take it out.

    The published page stays as it is. Raises LandingFault, images.NotAPicture, images.PictureTooLarge; then
    nothing has changed.
    """
    locked = _locked(program)
    content = dict(_draft_content(locked))
    for name, value in texts.items():
        content[name] = {**content.get(name, {}), language: value}
    content = rules.moved(content, block, move)
    content["layout"]["picture"] = _picture(locked, content, picture, without_picture, now)
    return _write(locked, checked_content(content), actor=actor, now=now)


def publish_landing(*, program: Program, actor: Actor, now: datetime.datetime) -> LandingVersion:
    """Show the draft to everybody from now on; the version before it is kept. Raises NothingToPublish."""
    locked = _locked(program)
    draft = _draft(locked)
    if draft is None:
        raise NothingToPublish
    _retire(locked, now=now)
    draft.status, draft.published_by, draft.published_at = VersionStatus.PUBLISHED, actor.ref, now
    draft.save()
    Program.objects.filter(pk=locked.pk).update(landing=draft.content)
    told = ProgramChanged(program_id=locked.id, status=locked.status, fields=["landing"])
    outbox.publish(told, subject_type="program", subject_id=locked.id, now=now)
    return draft


def discard_landing(*, program: Program, actor: Actor, now: datetime.datetime) -> None:
    """Throw the draft away; the published page stays as it is."""
    LandingVersion.objects.filter(program=_locked(program), status=VersionStatus.DRAFT).delete()


def restore_landing(*, program: Program, number: int, actor: Actor, now: datetime.datetime) -> LandingVersion:
    """Make an earlier version the draft, to be looked at and published. Raises NoSuchVersion."""
    locked = _locked(program)
    earlier = LandingVersion.objects.filter(program=locked, number=number).exclude(status=VersionStatus.DRAFT)
    found = earlier.first()
    if found is None:
        raise NoSuchVersion
    return _write(locked, found.content, actor=actor, now=now)


def record_landing(
    *, program: Program, content: Mapping[str, Any], actor: Actor, now: datetime.datetime
) -> None:
    """Keep as a version what a program that is locked or new now shows, however it came there."""
    _retire(program, now=now)
    LandingVersion.objects.create(
        program=program, number=_next_number(program), status=VersionStatus.PUBLISHED, content=content,
        changed_by=actor.ref, changed_at=now, published_by=actor.ref, published_at=now,
    )  # fmt: skip


def forget_unused_pictures(*, now: datetime.datetime) -> list[str]:
    """Drop the pictures that no version of any page shows, a week after they came; the names of their files.

    The files are removed by the caller, once this is stored: a row never names a file that is gone.
    """
    shown = [
        *LandingVersion.objects.values_list("content__layout__picture", flat=True),
        *Program.objects.values_list("landing__layout__picture", flat=True),
    ]
    unused = LandingPicture.objects.filter(created_at__lt=now - UNUSED_KEPT).exclude(
        pk__in={name for name in shown if rules.is_picture(name)}
    )
    found = list(unused.values_list("pk", "file"))
    LandingPicture.objects.filter(pk__in=[pk for pk, _file in found]).delete()
    return [file for _pk, file in found]


def set_share_texts(
    *, program: Program, language: str, texts: Mapping[str, str], actor: Actor, now: datetime.datetime
) -> Program:
    """What people of the program send in a language; an empty text means the usual one. Raises errors.Invalid."""
    locked = _locked(program)
    faults = queries.share_faults(texts)
    if faults:
        raise errors.Invalid(fields=faults)
    kept = {channel: dict(locked.share_texts.get(channel, {})) for channel in rules.CHANNELS}
    for channel, text in texts.items():
        kept[channel][language] = text.strip()
    locked.share_texts = {
        channel: {code: text for code, text in by_language.items() if text}
        for channel, by_language in kept.items()
    }
    locked.save(update_fields=["share_texts"])
    told = ProgramChanged(program_id=locked.id, status=locked.status, fields=["share_texts"])
    outbox.publish(told, subject_type="program", subject_id=locked.id, now=now)
    return locked


def checked_content(content: Any) -> dict[str, Any]:
    """The page as it is stored. Raises LandingFault naming the place and the remedy."""
    try:
        return rules.checked_landing(content)
    except rules.LandingInvalid as fault:
        remedy = str(_REMEDIES[fault.problem]) % {"allowed": fault.allowed}
        raise LandingFault(fields={fault.path: remedy}, path=fault.path) from fault


def _locked(program: Program) -> Program:
    locked: Program = Program.objects.select_for_update().get(pk=program.pk)
    return locked


def _draft(program: Program) -> LandingVersion | None:
    found: LandingVersion | None = LandingVersion.objects.filter(
        program=program, status=VersionStatus.DRAFT
    ).first()
    return found


def _draft_content(program: Program) -> Mapping[str, Any]:
    draft = _draft(program)
    content: Mapping[str, Any] = program.landing if draft is None else draft.content
    return content


def _write(
    program: Program, content: Mapping[str, Any], *, actor: Actor, now: datetime.datetime
) -> LandingVersion:
    _keep_first(program)
    draft = _draft(program) or LandingVersion(program=program, number=_next_number(program))
    draft.content, draft.changed_by, draft.changed_at = dict(content), actor.ref, now
    draft.save()
    return draft


def _keep_first(program: Program) -> None:
    """What the program showed before versions were kept becomes the first of them."""
    if program.landing and not LandingVersion.objects.filter(program=program).exists():
        LandingVersion.objects.create(
            program=program, number=1, status=VersionStatus.PUBLISHED, content=program.landing, changed_by=SYSTEM.ref,
            changed_at=program.created_at, published_by=SYSTEM.ref, published_at=program.created_at,
        )  # fmt: skip


def _retire(program: Program, *, now: datetime.datetime) -> None:
    LandingVersion.objects.filter(program=program, status=VersionStatus.PUBLISHED).update(
        status=VersionStatus.RETIRED
    )


def _next_number(program: Program) -> int:
    newest = LandingVersion.objects.filter(program=program).aggregate(newest=Max("number"))["newest"] or 0
    return int(newest) + 1


def _picture(
    program: Program,
    content: Mapping[str, Any],
    upload: IO[bytes] | None,
    without: bool,
    now: datetime.datetime,
) -> str:
    """The id of the page's picture: the one uploaded, made anew and stored, else the one it has."""
    if upload is None:
        return "" if without else rules.arranged(content)[2]
    photo = images.as_photo(upload, width=PICTURE_SIDE, height=PICTURE_SIDE, most_bytes=PICTURE_BYTES)
    made = LandingPicture.objects.create(
        program=program, file=files.keep([photo.content], folder="pictures", suffix=".webp"),
        content_type=photo.content_type, width=photo.width, height=photo.height, created_at=now,
    )  # fmt: skip
    return str(made.id)
