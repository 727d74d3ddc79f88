"""What Kith exports it imports again, unchanged, whatever people are called."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kith.kit import tables, tenancy
from kith.participants import actions, rules
from kith.participants.models import Participant
from kith.participants.tests.factories import make_participant
from kith.participants.tests.test_import import bring_in, people, trail


def stored(field, value):
    done = rules.check({field: value})
    return done.values.get(field)


@st.composite
def texts_of(draw, field):
    """Anything that can be stored in the field, what spreadsheets take for a formula above all."""
    begin = draw(st.sampled_from(["", "'", "''", "=", "-", "'=", "''+", "@", '"', "\uff1d", "[", "{"]))
    return stored(field, begin + draw(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)))


PEOPLE = st.lists(
    st.tuples(
        texts_of("name").filter(bool),
        texts_of("visa_type").filter(lambda text: text is not None),
        st.sampled_from(["", "+31612345678", "+919876543210"]),
        st.dictionaries(texts_of("visa_stage").filter(bool), texts_of("visa_stage").filter(bool), max_size=3),
    ),
    min_size=1, max_size=5,
)  # fmt: skip


@pytest.mark.parametrize("format", ["csv", "json"])
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=PEOPLE, keep=st.booleans())
def test_an_export_comes_back_unchanged(acme, format, made, keep):
    with tenancy.use(acme.id):
        Participant.objects.all().delete()
        for number, (name, visa_type, phone, extra) in enumerate(made):
            make_participant(
                name=name, visa_type=visa_type, phone=phone, extra=extra, email=f"p{number}@example.com",
                external_id="" if number % 2 else f"=0{number}",
            )  # fmt: skip
        exported = b"".join(actions.everybody(format=format))
    before = people(acme), trail(acme)
    done = bring_in(acme, exported, keep_columns=keep)
    assert (done.counts["unchanged"], done.reading) == (len(made), {"dates": "DMY"})
    assert (people(acme), trail(acme)) == before


@pytest.mark.parametrize("format", ["csv", "json"])
def test_an_export_makes_the_same_people_elsewhere(acme, rival, format):
    with tenancy.use(acme.id):
        make_participant(
            name="'=王", phone="+31612345678", visa_number="AB12", extra={"=Dieet": "'-"}, country="NL"
        )
        make_participant(name="x", email="", external_id="-007", application_on="2026-02-03", kind="company")
        exported = b"".join(actions.everybody(format=format))
    assert bring_in(rival, exported).counts["created"] == 2
    own = ("id", "code", "created_at", "updated_at", "source")
    there, here = ([
        {name: value for name, value in row.items() if name not in own} for row in people(tenant).values()
    ] for tenant in (rival, acme))  # fmt: skip
    assert there == here


@given(st.text(max_size=12) | st.from_regex(r"'{0,3}[ \t]?[=+@-]x", fullmatch=True))
def test_what_is_made_harmless_is_made_plain_again(value):
    assert tables.plain(tables.neutral(value)) == value
