"""Charts: the arithmetic, and what a reader who cannot see them gets."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kith.kit import charts


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 40, [0, 10, 20, 30, 40]),
        (0, 3, [0, 1, 2, 3]),
        (0, 0, [0, 0.5, 1.0]),
        (-5, 12, [-5, 0, 5, 10, 15]),
        (0, 2750, [0, 1000, 2000, 3000]),
    ],
)
def test_ticks_are_round_and_enclose_the_figures(low, high, expected):
    assert charts.ticks(low, high) == expected


def test_counts_get_whole_steps():
    assert charts.ticks(0, 2, whole=True) == [0, 1, 2]


@given(st.floats(-1e9, 1e9), st.floats(0, 1e9))
def test_ticks_always_enclose_and_stay_few(low, spread):
    scale = charts.ticks(low, low + spread)
    assert scale[0] <= low + 1e-6 * abs(low) + 1e-6
    assert scale[-1] >= low + spread - 1e-6 * abs(low + spread) - 1e-6
    assert 2 <= len(scale) <= 8


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=40))
def test_the_curve_never_leaves_the_band_of_its_two_neighbors(values):
    points = [(i * 10.0, float(v)) for i, v in enumerate(values)]
    parts = charts.curve(points).split("C")[1:]
    for (_, start), (_, stop), part in zip(points, points[1:], parts, strict=False):
        heights = [float(number) for number in re.split(r" ", part)[1::2]]
        low, high = sorted((start, stop))
        assert all(low - 0.06 <= height <= high + 0.06 for height in heights)


def test_a_line_chart_carries_every_figure_in_a_table():
    drawn = charts.line(["Mon", "Tue"], [charts.Series("Clicks", [3, 14])], title="Clicks per day")
    table = drawn[drawn.index("<table") :]
    assert "<caption>Clicks per day</caption>" in table
    assert '<th scope="row">Tue</th><td>14</td>' in table
    assert drawn.count('aria-hidden="true"') == 3


def test_a_bar_chart_writes_figures_with_the_given_words():
    drawn = charts.bar(["Mon"], [charts.Series("Paid", [1200])], title="Paid", write=lambda v: f"€ {v:.0f}")
    assert "Mon, Paid: € 1200" in drawn
    assert "<td>€ 1200</td>" in drawn


def test_names_in_a_chart_are_escaped():
    drawn = charts.line(["<b>"], [charts.Series("<script>", [1])], title="<i>")
    assert "<script>" not in drawn
    assert "<b>" not in drawn
    assert "<i>" not in drawn


def test_drawings_carry_no_inline_style_and_no_color():
    drawn = charts.line(["a", "b"], [charts.Series("x", [1, 2])], title="t") + charts.ring(1, 2, text="1/2")
    assert "style=" not in drawn
    assert not re.search(r"#[0-9a-f]{3,6}\b(?!\))", re.sub(r"url\(#\w+\)", "", drawn))


def test_nothing_is_drawn_from_nothing():
    assert charts.line([], [], title="t") == ""
    assert charts.sparkline([5]) == ""


def test_a_flat_row_still_draws():
    assert "<path" in charts.sparkline([4, 4, 4], label="steady")
    assert 'aria-label="steady"' in charts.sparkline([4, 4, 4], label="steady")
    assert "<path" in charts.line(["a", "b"], [charts.Series("x", [0, 0])], title="t")


def test_a_ring_is_never_more_than_full():
    assert charts.ring(12, 10, text="12/10").count("263.9 263.9") == 1
    assert "0.0 263.9" in charts.ring(0, 0, text="0/0")
