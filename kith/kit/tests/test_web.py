"""Addresses of the web: what is stored, and what is not."""

import pytest

from kith.kit import web


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("https://Shop.Example/Path?x=1#top", "https://shop.example/Path?x=1#top"),
        ("  http://localhost:8000/ ", "http://localhost:8000/"),
        ("https://m\u00fcnchen.example/caf\u00e9", "https://xn--mnchen-3ya.example/caf\u00e9"),
        ("https://\u0430pple.com/", "https://xn--pple-43d.com/"),
        ("http://[::1]/", "http://[::1]/"),
    ],
)
def test_the_host_is_stored_in_its_one_form(written: str, stored: str) -> None:
    assert web.address(written) == stored
    assert web.address(stored) == stored


@pytest.mark.parametrize(
    "written",
    [
        "", "//evil.example", "\\\\evil.example", "https:evil.example", "https:/evil.example", "https:///evil.example",
        "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "gopher://x/", "ftp://x.example/",
        "https://user:pw@bank.example/", "https://bank.example@evil.example/", "https://@evil.example/",
        "https://a.example\\@evil.example/", "https://a.example/\r\nSet-Cookie: a=b", "https://a.example/\tx",
        "https://a.example/ x", "https://a.example/\u202ex", "https://a.example/\u200b", "https://a.example/\ud800",
        "https://[::1", "https://a.example:x/", "https://a.example:99999/", "https://" + "a" * 64 + ".example/",
        "https://a..example/", "https://-a.example/", "https://a.example%00/",
    ],
)  # fmt: skip
def test_what_readers_could_take_differently_is_not_stored(written: str) -> None:
    assert web.address(written) is None
