"""Pages are counted up to a cap; cursors cover every row once, whatever the order."""

import base64
import json
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kith.kit import errors, pagination, tenancy
from kith.kit.models import Job
from kith.kit.pagination import CursorInvalid, Page, keyset, paginate

START = datetime(2026, 1, 1, tzinfo=UTC)
ORDERS = [
    ("id",),
    ("-id",),
    ("created_at", "id"),
    ("-created_at", "-id"),
    ("-created_at", "id"),
    ("kind", "-done", "id"),
    ("-kind", "done", "-created_at", "id"),
]


@pytest.fixture
def jobs_of(acme):
    """Makes rows of Acme: one per (kind, done, seconds)."""

    def make(rows):
        Job.objects.all().delete()
        Job.objects.bulk_create(
            [
                Job(
                    tenant_id=acme.id,
                    kind=kind,
                    done=done,
                    created_at=START + timedelta(microseconds=at),
                    id=uuid.uuid4(),
                )
                for kind, done, at in rows
            ]
        )

    with tenancy.use(acme.id):
        yield make


def walk(queryset, order, limit):
    seen, cursor = [], None
    while True:
        page = keyset(queryset, order=order, cursor=cursor, limit=limit)
        assert len(page.items) <= limit
        seen += page.items
        cursor = page.next_cursor
        if cursor is None:
            return seen


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(st.sampled_from(["a", "b", "Ä\n"]), st.integers(-1, 1), st.integers(0, 2)), max_size=25
    ),
    order=st.sampled_from(ORDERS),
    limit=st.integers(1, 7),
)
def test_a_walk_by_cursor_meets_every_row_once_in_order(jobs_of, rows, order, limit):
    jobs_of(rows)

    assert walk(Job.objects.all(), order, limit) == list(Job.objects.order_by(*order))


@pytest.mark.django_db
def test_values_rows_walk_as_well(jobs_of):
    jobs_of([("a", n, n % 3) for n in range(10)])
    rows = Job.objects.values("id", "created_at", "done")

    assert len({row["id"] for row in walk(rows, ("-created_at", "-id"), 3)}) == 10


@pytest.mark.django_db
def test_rows_added_behind_and_removed_before_change_nothing_for_the_walker(jobs_of, acme):
    jobs_of([("a", n, n) for n in range(6)])
    first = keyset(Job.objects.all(), order=("done", "id"), limit=3)

    Job.objects.filter(done__lt=3).delete()
    Job.objects.create(tenant_id=acme.id, kind="late", done=-5, created_at=START)
    rest = keyset(Job.objects.all(), order=("done", "id"), cursor=first.next_cursor, limit=10)

    assert [row.done for row in rest.items] == [3, 4, 5]
    assert rest.next_cursor is None


def forged(*parts):
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "cursor",
    [
        "x", "%%%", "é", "AAAA", "A" * 5000, base64.urlsafe_b64encode(b"[" * 1400).decode(),
        forged(), forged("created_at,id"), forged("-created_at,-id", ["t", START.isoformat()]),
        forged("created_at,id", ["t", START.isoformat()], ["u", str(uuid.uuid4())]),
        forged("-created_at,-id", ["t", "2026-01-01T00:00:00"], ["u", str(uuid.uuid4())]),
        forged("-created_at,-id", ["t", "yesterday"], ["u", str(uuid.uuid4())]),
        forged("-created_at,-id", ["t", START.isoformat()], ["u", "1"]),
        forged("-created_at,-id", ["t", START.isoformat()], ["s", "not an id"]),
        forged("-created_at,-id", ["s", "not a time"], ["u", str(uuid.uuid4())]),
        forged("-created_at,-id", ["t", 5], ["u", str(uuid.uuid4())]),
        forged("-created_at,-id", ["z", "5"], ["u", str(uuid.uuid4())]),
        forged("-created_at,-id", [["t"], "5"], ["u", str(uuid.uuid4())]),
        forged("-created_at,-id", None, None),
        forged("-created_at,-id", ["t", START.isoformat()], ["u", str(uuid.uuid4())], ["i", 1]),
    ],
)  # fmt: skip
def test_cursors_this_list_did_not_give_out_are_refused(jobs_of, cursor):
    with pytest.raises(errors.Malformed) as refused:
        keyset(Job.objects.all(), cursor=cursor)
    assert refused.value.code == "cursor_invalid"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("order", "value"),
    [
        (("kind", "id"), ["s", "a\0"]),
        (("done", "id"), ["i", 2**70]),
        (("done", "id"), ["n", "NaN"]),
        (("done", "id"), ["i", True]),
    ],
)
def test_values_the_database_cannot_hold_are_refused(jobs_of, order, value):
    with pytest.raises(CursorInvalid):
        keyset(
            Job.objects.all(), order=order, cursor=forged(",".join(order), value, ["u", str(uuid.uuid4())])
        )


@pytest.mark.parametrize(
    "value",
    [True, 5, -(2**40), START, date(2026, 1, 2), uuid.UUID(int=7), Decimal("1.10"), "", "Ünï,\"code'"],
)
def test_every_plain_value_survives_the_cursor(value):
    cursor = pagination._cursor_after({"x": value}, ("x",))
    [back] = pagination._decode(cursor, ("x",))

    assert (back, type(back)) == (value, type(value))


def test_a_null_in_the_order_is_a_bug():
    with pytest.raises(TypeError):
        pagination._cursor_after({"x": None}, ("x",))


@pytest.mark.django_db
def test_numbered_pages_tell_where_they_stand(jobs_of):
    jobs_of([("a", n, n) for n in range(45)])
    rows = Job.objects.order_by("done")

    first, last, beyond = (paginate(rows, page=page, limit=20) for page in (1, "3", 4))

    assert [row.done for row in first.items] == list(range(20))
    assert first.as_pagination() == {
        "page": 1, "limit": 20, "total": 45, "total_is_capped": False, "pages": 3, "next": None,
    }  # fmt: skip
    assert first.has_next
    assert [row.done for row in last.items] == list(range(40, 45))
    assert not last.has_next
    assert (beyond.items, beyond.total) == ([], 45)


@pytest.mark.django_db
def test_an_empty_list_has_one_empty_page(jobs_of):
    jobs_of([])

    page = paginate(Job.objects.order_by("id"))

    assert (page.items, page.total, page.pages, page.has_next) == ([], 0, 1, False)


@pytest.mark.django_db
def test_a_numbered_page_can_be_continued_by_cursor(jobs_of):
    jobs_of([("a", n, n % 4) for n in range(30)])
    order = ("-created_at", "id")

    first = paginate(Job.objects.all(), page=1, limit=10, order=order)
    rest = keyset(Job.objects.all(), order=order, cursor=first.next_cursor, limit=100)

    assert first.items + rest.items == list(Job.objects.order_by(*order))
    assert paginate(Job.objects.all(), page=3, limit=10, order=order).next_cursor is None


@pytest.mark.django_db
def test_the_total_is_capped(jobs_of, monkeypatch):
    jobs_of([("a", n, n) for n in range(30)])
    monkeypatch.setattr(pagination, "COUNTED", 25)

    page = paginate(Job.objects.order_by("id"), page=2, limit=10)

    assert (page.total, page.total_is_capped, page.pages) == (26, True, 3)
    assert paginate(Job.objects.order_by("id"), page=3, limit=10).has_next is False
    with pytest.raises(errors.Invalid) as refused:
        paginate(Job.objects.order_by("id"), page=4, limit=10)
    assert "page" in refused.value.fields


@pytest.mark.django_db
def test_few_rows_and_many_cost_the_same_statements(jobs_of, django_assert_num_queries):
    for count in (3, 30):
        jobs_of([("a", n, n) for n in range(count)])
        with django_assert_num_queries(2):
            paginate(Job.objects.order_by("id"))
        with django_assert_num_queries(1):
            keyset(Job.objects.all())


@pytest.mark.django_db
@pytest.mark.parametrize("bad", [0, -1, "0", "x", "1.5", "", "٣", "9" * 30, True])
@pytest.mark.parametrize("field", ["page", "limit"])
def test_pages_and_limits_that_are_no_numbers_name_their_field(jobs_of, field, bad):
    with pytest.raises(errors.Invalid) as refused:
        paginate(Job.objects.order_by("id"), **{field: bad})
    assert list(refused.value.fields) == [field]


@pytest.mark.django_db
def test_a_limit_above_a_hundred_is_refused(jobs_of):
    with pytest.raises(errors.Invalid):
        keyset(Job.objects.all(), limit=101)


@pytest.mark.django_db
def test_a_list_without_an_order_is_a_bug(jobs_of):
    with pytest.raises(ValueError):
        paginate(Job.objects.all())


def test_pages_reached_by_cursor_are_not_counted():
    page: Page[int] = Page(items=[1], page=None, limit=20, total=None, next_cursor="abc")

    assert (page.pages, page.has_next) == (None, True)
