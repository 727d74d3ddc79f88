"""Text can be read on every color an organization may save."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kith.kit.colors import READABLE, contrast, on_brand, readable

COLORS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)
    assert contrast("#336699", "#336699") == 1


@pytest.mark.parametrize(("color", "text"), [("#1d5fe0", "#ffffff"), ("#ffd500", "#0b0f17")])
def test_text_takes_the_side_that_reads_better(color: str, text: str) -> None:
    assert on_brand(color) == text


@given(COLORS)
def test_a_suggested_color_reads_well_and_a_good_one_stays(color: str) -> None:
    found = readable(color)
    assert contrast(found, on_brand(found)) >= READABLE
    if contrast(color, on_brand(color)) >= READABLE:
        assert found == color


def test_a_suggestion_is_near() -> None:
    assert readable("#7a7a7a") in {"#767676", "#777777", "#7b7b7b", "#7c7c7c", "#7d7d7d"}
