"""Stored codes as people read them."""

import pytest
from django.utils import translation

from kith.kit.templatetags import words


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", ["Netherlands", "Dutch", "Landing page"]), ("nl", ["Nederland", "Nederlands", "Landingspagina"])],
)
def test_codes_are_said_in_the_language_of_the_reader(language: str, said: list[str]) -> None:
    with translation.override(language):
        assert [words.country("NL"), words.tongue("nl"), str(words.origin("landing"))] == said


def test_a_code_that_is_nobodys_word_stays_and_an_empty_one_stays_empty() -> None:
    assert [words.country("XQ"), words.tongue("xq"), words.origin("fair")] == ["XQ", "Xq", "fair"]
    assert [words.country(""), words.tongue(""), words.origin("")] == ["", "", ""]


def test_an_address_breaks_after_its_signs_and_stays_text() -> None:
    assert words.address("a.b@mail.example.com") == "a.<wbr>b@<wbr>mail.<wbr>example.<wbr>com"
    assert words.address('<i>"@x.nl') == "&lt;i&gt;&quot;@<wbr>x.<wbr>nl"
    assert words.address(None) == ""
