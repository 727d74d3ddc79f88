"""Lists cost the same for 3 and for 30 rows."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kith.kit import pagination
from kith.programs import queries
from kith.programs.tests.factories import make_program, publish_rule


@pytest.mark.parametrize("count", [3, 30])
def test_programs_and_rules_are_listed_in_a_fixed_number_of_statements(in_acme, count):
    programs = [make_program(name=f"Program {number}") for number in range(count)]
    for number in range(count):
        publish_rule(programs[0], f"rule-{number}")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        page = pagination.paginate(queries.programs(), limit=100)
        assert all(row.pipeline.code for row in page.items)
    assert (len(page.items), len(asked)) == (count, 2)
    with CaptureQueriesContext(connection) as asked:
        assert len(queries.rule_lines(programs[0].id)) == count
    assert len(asked) == 2
    with CaptureQueriesContext(connection) as asked:
        assert len(queries.published_rules(programs[0].id, programs[0].created_at)) == count
    assert len(asked) == 1


def test_programs_are_found_by_name_and_state(in_acme):
    make_program("summer", name="Summer trips")
    make_program("winter", name="Winter trips", status="paused")
    assert [row.code for row in queries.programs(search="SUMM")] == ["summer"]
    assert [row.code for row in queries.programs(status="paused")] == ["winter"]
    assert queries.default_program().code == "summer"
