"""Lists, search and look-ups."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kith.kit import crypto, tenancy
from kith.kit.errors import Invalid
from kith.kit.pagination import CursorInvalid
from kith.participants import queries
from kith.participants.models import Participant
from kith.participants.tests.factories import AT, make_participant


def names(**filters):
    return [row.name for row in queries.participant_list(**filters).items]


@pytest.fixture
def three(in_acme):
    for number, values in enumerate(
        ({"name": "Dana Smit", "email": "dana@example.com", "external_id": "C1"},
         {"name": "Eli Bos", "email": "eli@other.test.example.org", "external_id": "77", "kind": "company"},
         {"name": "Zoë Smit", "email": "", "external_id": "C100%"}),
    ):  # fmt: skip
        make_participant(**values, now=AT + datetime.timedelta(minutes=number))


def test_newest_first(three):
    assert names() == ["Zoë Smit", "Eli Bos", "Dana Smit"]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("smit", ["Zoë Smit", "Dana Smit"]), ("  SMIT ", ["Zoë Smit", "Dana Smit"]), ("dana@ex", ["Dana Smit"]),
        ("zoë", ["Zoë Smit"]), ("00%", ["Zoë Smit"]), ("%%%", []), ("___", []), ("nobody", []), ("c1", ["Dana Smit"]),
        ("77", ["Eli Bos"]), ("7", []), ("sm", []), ("", ["Zoë Smit", "Eli Bos", "Dana Smit"]), ("\0da", []),
    ],
)  # fmt: skip
def test_search_finds_parts_from_three_characters_on(three, search, found):
    assert names(search=search) == found
    assert queries.participant_list(search=search).total == len(found)


def test_filters(three):
    Participant.objects.filter(name="Dana Smit").update(status="suspended")
    Participant.objects.filter(name="Zoë Smit").update(status="erased")
    assert names() == ["Eli Bos", "Dana Smit"]
    assert names(status="erased") == ["Zoë Smit"]
    assert names(status="suspended", search="smit") == ["Dana Smit"]
    assert names(kind="company") == ["Eli Bos"]


def test_pages_and_cursors_meet(three):
    first = queries.participant_list(limit=2)
    assert (first.total, first.pages) == (3, 2)
    second = queries.participant_list(page=2, limit=2)
    assert [row.id for row in queries.participant_list(limit=2, cursor=first.next_cursor).items] == [
        row.id for row in second.items
    ]
    with pytest.raises(CursorInvalid):
        queries.participant_list(cursor="nonsense")
    with pytest.raises(Invalid):
        queries.participant_list(limit=101, search="smit")


def test_a_refused_search_leaves_the_fence_up(three, rival):
    """The role that sees everything is given back whatever happens."""
    with pytest.raises(Invalid):
        queries.participant_list(limit=101, search="smit")
    with connection.cursor() as cursor:
        cursor.execute("select current_user, current_setting('app.tenant_id')")
        user, tenant = cursor.fetchone()
    assert user == connection.settings_dict["USER"]
    assert tenant == str(tenancy.current_tenant_id())


def test_search_stays_inside_the_organization(three, rival):
    with tenancy.use(rival.id):
        make_participant(name="Rival Smit")
        assert names(search="smit") == ["Rival Smit"]
    assert names(search="smit") == ["Zoë Smit", "Dana Smit"]


def test_the_search_function_itself_stays_inside_the_organization(three, rival, db):
    with tenancy.use(rival.id), connection.cursor() as cursor:
        cursor.execute("select count(*) from participants_participant_matching(array['smit'])")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("typed", ["%%%", "___", "sm_t", "a\\b"])
def test_pattern_letters_are_ordinary_letters(three, typed):
    assert names(search=typed) == []


def test_words_are_found_in_any_order(three):
    assert names(search="smit dana") == ["Dana Smit"]


@pytest.mark.parametrize("filters", [{}, {"search": "person"}])
def test_thirty_rows_cost_as_many_statements_as_three(in_acme, filters):
    def cost():
        with CaptureQueriesContext(connection) as seen:
            queries.participant_list(limit=50, **filters)
        return len(seen)

    for _ in range(3):
        make_participant(phone="+31612345678")
    few = cost()
    for _ in range(27):
        make_participant(phone="+31612345678")
    assert cost() == few


def test_looking_up(in_acme):
    dana = make_participant(name="Dana", email="dana@example.com", phone="+31612345678", external_id="C1")
    assert queries.find_by_email(" DANA@example.com") == dana
    assert queries.find_by_email("") is None
    assert queries.get_by_code(f"{dana.code[:4].lower()}-{dana.code[4:]}") == dana
    Participant.objects.filter(pk=dana.pk).update(status="erased")
    assert queries.find_by_email("dana@example.com") is None


def test_what_has_no_key_any_more_is_shown_as_unknown(in_acme):
    dana = make_participant(phone="+31612345678")
    crypto.destroy_subject_key(dana.id)
    assert queries.personal_details(dana).phone == ""
    assert [row["phone"] for row in queries.export_rows()] == [""]
