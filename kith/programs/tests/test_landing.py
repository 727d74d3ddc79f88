"""Landing pages: what they may say, drafts and versions, pictures; messages to share."""

import datetime
import io
from typing import Any

import pytest
from PIL import Image

from kith.kit import clock, errors, files, images, tenancy
from kith.kit.actors import SYSTEM
from kith.kit.money import Money
from kith.pipelines.tests.factories import AT
from kith.programs import actions, queries, rules
from kith.programs.actions import LandingFault, NoSuchVersion, NothingToPublish
from kith.programs.jobs import forget_pictures
from kith.programs.models import LandingPicture, LandingVersion, Program
from kith.programs.tests.factories import make_program, publish_rule

BY: dict[str, Any] = {"actor": SYSTEM, "now": AT}


def photo(kind: str = "JPEG", size: tuple[int, int] = (1600, 900), **more: Any) -> io.BytesIO:
    file = io.BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(file, kind, **more)
    file.seek(0)
    return file


# --- what a page may say ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "path"),
    [
        ([], "landing"),
        ({"headline": {"en": "x"}}, "headline"),
        ({"title": "x"}, "title"),
        ({"title": {"en": 3}}, "title.en"),
        ({"title": {"en": "x" * 121}}, "title.en"),
        ({"steps": {"en": "one"}}, "steps.en"),
        ({"steps": {"en": ["x"] * 7}}, "steps.en"),
        ({"questions": {"nl": [{"question": "q"}]}}, "questions.nl[0]"),
        ({"questions": {"nl": [{"question": "q", "answer": " "}]}}, "questions.nl[0]"),
        ({"layout": {"order": ["hero", "video"]}}, "layout.order"),
        ({"layout": {"color": "red"}}, "layout"),
    ],
)
def test_a_page_that_cannot_be_is_refused_by_name(content, path):
    with pytest.raises(rules.LandingInvalid) as refusal:
        rules.checked_landing(content)
    assert refusal.value.path == path


def test_what_is_empty_is_not_stored():
    content = {"title": {"en": " Hello ", "nl": ""}, "text": {}, "steps": {"en": ["a", " "]}, "layout": {}}
    assert rules.checked_landing(content) == {"title": {"en": "Hello"}, "steps": {"en": ["a"]}}


def test_blocks_move_hide_and_show_but_hero_and_form_stay():
    page = rules.moved({}, "reward", "up")
    assert rules.arranged(page)[0] == ("hero", "form", "reward", "steps", "questions", "legal")
    assert rules.arranged(rules.moved(page, "form", "up"))[0][:2] == ("hero", "form")
    assert rules.arranged(rules.moved({}, "hero", "down"))[0] == rules.BLOCKS
    assert rules.arranged(rules.moved({}, "legal", "down"))[0] == rules.BLOCKS
    hidden = rules.moved(rules.moved({}, "steps", "hide"), "form", "hide")
    assert rules.arranged(hidden)[1] == {"steps"}
    assert rules.wording(hidden, ["en"]).blocks == ("hero", "form", "reward", "questions", "legal")
    assert rules.arranged(rules.moved(hidden, "steps", "show"))[1] == frozenset()


def test_texts_fall_back_from_language_to_language():
    page = rules.wording(
        {"title": {"nl": "Welkom"}, "steps": {"en": ["one"], "nl": ["een"]}}, ["nl-be", "en"]
    )
    assert (page.texts["title"], page.steps, page.texts["legal"]) == ("Welkom", ("een",), "")


# --- drafts and versions ------------------------------------------------------------------------------


def edit(program: Program, **texts: Any) -> LandingVersion:
    more = {
        name: texts.pop(name) for name in ("block", "move", "picture", "without_picture") if name in texts
    }
    return actions.edit_landing(program=program, language="en", texts=texts, **more, **BY)


def test_a_draft_is_seen_by_nobody_until_it_is_published(in_acme):
    program = make_program()
    edit(program, title="Come along")
    edit(program, text="It is fun")
    program.refresh_from_db()
    assert program.landing == {}
    published = actions.publish_landing(program=program, **BY)
    program.refresh_from_db()
    assert program.landing == {"title": {"en": "Come along"}, "text": {"en": "It is fun"}}
    assert (published.number, published.status, queries.landing_number(program.id)) == (1, "published", 1)
    with pytest.raises(NothingToPublish):
        actions.publish_landing(program=program, **BY)


def test_an_earlier_version_comes_back_as_a_draft(in_acme):
    program = make_program(landing={"title": {"en": "First"}})
    edit(program, title="Second")
    actions.publish_landing(program=program, **BY)
    restored = actions.restore_landing(program=program, number=1, **BY)
    program.refresh_from_db()
    assert (restored.content, program.landing) == ({"title": {"en": "First"}}, {"title": {"en": "Second"}})
    actions.publish_landing(program=program, **BY)
    kept = queries.landing_versions(program).values_list("number", "status")
    assert list(kept) == [(3, "published"), (2, "retired"), (1, "retired")]
    with pytest.raises(NoSuchVersion):
        actions.restore_landing(program=program, number=9, **BY)


def test_pages_from_before_versions_become_the_first(in_acme):
    program = make_program()
    Program.objects.filter(pk=program.pk).update(landing={"title": {"en": "Old"}})
    draft = edit(program, text="New")
    assert draft.number == 2
    assert queries.landing_versions(program).get().content == {"title": {"en": "Old"}}


def test_the_api_publishes_at_once_and_keeps_the_version(in_acme):
    program = make_program(landing={"title": {"en": "First"}})
    actions.update_program(program=program, changes={"landing": {"title": {"en": "Second"}}}, **BY)
    assert [row.content["title"]["en"] for row in queries.landing_versions(program)] == ["Second", "First"]
    with pytest.raises(errors.Invalid):
        actions.update_program(program=program, changes={"landing": {"title": "Hello"}}, **BY)


def test_a_draft_thrown_away_leaves_what_is_published(in_acme):
    program = make_program(landing={"title": {"en": "First"}})
    edit(program, title="Worse")
    actions.discard_landing(program=program, **BY)
    assert queries.draft(program) is None
    assert queries.written(Program.objects.get()) == {"title": {"en": "First"}}


# --- pictures -----------------------------------------------------------------------------------------


def test_a_picture_is_made_anew_small_and_without_hidden_data(in_acme):
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    draft = edit(make_program(), picture=photo(exif=exif))
    row = LandingPicture.objects.get(pk=draft.content["layout"]["picture"])
    with files.opened(row.file) as content:
        stored = content.read()
    opened = Image.open(io.BytesIO(stored))
    assert (opened.format, row.content_type) == ("WEBP", "image/webp")
    assert opened.size == (row.width, row.height)
    assert max(opened.size) <= 1200
    assert len(stored) <= actions.landing.PICTURE_BYTES
    assert b"taken at home" not in stored


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", images.NotAPicture),
        (b"\x89PNG\r\n\x1a\n<html><script>alert(1)</script>", images.NotAPicture),
        (b"GIF89a<script>alert(1)</script>", images.NotAPicture),
        (b"\xff\xd8\xff" + b"0" * 4000, images.NotAPicture),
        (photo("PNG").getvalue()[:3000], images.NotAPicture),
        (b"0" * (images.MOST_BYTES + 1), images.PictureTooLarge),
    ],
)
def test_hostile_uploads_change_nothing(in_acme, content, refusal):
    program = make_program()
    with pytest.raises(refusal):
        edit(program, title="New", picture=io.BytesIO(content))
    assert not LandingVersion.objects.exists()
    assert not LandingPicture.objects.exists()


def test_a_picture_that_would_unpack_to_gigabytes_is_not_unpacked(in_acme):
    bomb = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(bomb, "PNG")
    assert len(bomb.getvalue()) < 1 << 20
    bomb.seek(0)
    with pytest.raises(images.PictureTooLarge):
        edit(make_program(), picture=bomb)


def test_a_picture_that_no_version_shows_is_removed_after_a_week(in_acme):
    def put_in(size: int) -> LandingPicture:
        draft = edit(program, picture=photo(size=(size, size)))
        return LandingPicture.objects.get(pk=draft.content["layout"]["picture"])

    program = make_program()
    published = put_in(40)
    actions.publish_landing(program=program, **BY)
    replaced, drafted = put_in(50), put_in(60)

    def left() -> set[Any]:
        return set(LandingPicture.objects.values_list("pk", flat=True))

    with clock.frozen(AT + datetime.timedelta(days=7)) as passing:
        forget_pictures()
        assert left() == {published.pk, replaced.pk, drafted.pk}, "somebody may be writing the page right now"
        passing.advance(datetime.timedelta(seconds=1))
        forget_pictures()
        assert left() == {published.pk, drafted.pk}
        with pytest.raises(errors.NotFound):
            files.opened(replaced.file)
        edit(program, without_picture=True)
        actions.publish_landing(program=program, **BY)
        forget_pictures()
        assert left() == {published.pk}, "an earlier version may be brought back"


def test_a_picture_is_taken_out_again(in_acme):
    program = make_program()
    edit(program, picture=photo(size=(40, 30)))
    assert edit(program, without_picture=True).content.get("layout") is None


# --- the offer ----------------------------------------------------------------------------------------


def test_the_offer_is_what_the_rules_say(in_acme):
    program = make_program()
    assert queries.offer(program, at=AT).shared == ""
    publish_rule(program, "friends", fixed_minor=2500, hold_days=14, cap_per_participant=3)
    alone = queries.offer(program, at=AT)
    assert (alone.friend, alone.referrer) == (None, Money(2500, "EUR"))
    assert alone.headline("Dana") == "€25 for Dana"
    assert alone.earnings[0].sentence("Dana") == "Dana gets €25.00 after your booking."
    assert alone.earnings[0].notes() == ["Ready to be paid 14 days later.", "At most 3 times per person."]
    publish_rule(program, "welcome", fixed_minor=1050, beneficiary="referred")
    both = queries.offer(program, at=AT)
    assert both.shared == "You get €10.50 and I get €25."
    assert both.headline("Dana") == "€10.50 for you"


def test_a_running_campaign_multiplies_the_offer(in_acme):
    program = make_program()
    publish_rule(program, fixed_minor=2500)
    ends = AT + datetime.timedelta(days=9)
    push = actions.create_campaign(
        program=program, code="june", name="June", starts_at=AT, ends_at=ends, multiplier_bps=20_000, **BY
    )
    during = queries.offer(program, at=AT, campaign=push)
    assert (during.referrer, during.ends_at) == (Money(5000, "EUR"), ends)
    after = queries.offer(program, at=ends, campaign=push)
    assert (after.referrer, after.ends_at) == (Money(2500, "EUR"), None)


# --- messages to share --------------------------------------------------------------------------------


def test_own_messages_win_over_the_usual_ones_per_language(in_acme):
    program = make_program()
    publish_rule(program, fixed_minor=2500)
    program = actions.set_share_texts(
        program=program, language="nl", texts={"whatsapp": "Hoi! {link} {name}", "sms": ""}, **BY
    )
    said = queries.share_texts(program, "nl").filled(name="Dana", link="https://k.example/r/DANA")
    assert said["whatsapp"] == "Hoi! https://k.example/r/DANA Dana"
    assert "https://k.example/r/DANA" in said["sms"]
    usual = queries.share_texts(program, "en").filled(name="Dana", link="L")
    assert usual["whatsapp"] == (
        "Hi! I am with Acme and thought of you. It costs you nothing, and I get €25 as a thank-you. Have a look: L"
    )
    assert usual["email"].endswith("Regards,\nDana")
    assert not any("{" in text for text in usual.values())


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        ({"whatsapp": "Hi {nmae} {link}"}, "whatsapp"),
        ({"email": "{link} {name.__class__}"}, "email"),
        ({"sms": "{link} }"}, "sms"),
        ({"copy": "no way to follow"}, "copy"),
        ({"sms": "{link}" + "x" * 320}, "sms"),
        ({"fax": "{link}"}, "fax"),
    ],
)
def test_messages_that_would_go_wrong_are_refused_at_the_field(in_acme, texts, field):
    program = make_program()
    with pytest.raises(errors.Invalid) as refusal:
        actions.set_share_texts(program=program, language="en", texts=texts, **BY)
    assert list(refusal.value.fields) == [field]
    program.refresh_from_db()
    assert program.share_texts == {}


def test_faults_name_the_place(in_acme):
    with pytest.raises(LandingFault) as refusal:
        edit(make_program(), title="x" * 500)
    assert list(refusal.value.fields) == ["title.en"]


def test_pictures_stay_with_their_organization(in_acme, rival):
    draft = edit(make_program(), picture=photo(size=(40, 30)))
    with tenancy.use(rival.id):
        assert not LandingPicture.objects.filter(pk=draft.content["layout"]["picture"]).exists()
