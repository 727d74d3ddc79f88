"""Whom a limit counts: nobody becomes somebody else by writing a header, or by having a whole network."""

import pytest
from django.test import RequestFactory

from kith.kit import clients
from kith.kit.clients import client_address


def asking(connected: str, forwarded: str | None = None) -> str:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return client_address(RequestFactory().get("/", headers=headers, REMOTE_ADDR=connected))


@pytest.fixture
def proxies(monkeypatch: pytest.MonkeyPatch):
    """`proxies(2)`: two proxies of ours stand in front."""

    def stand(count: int) -> None:
        monkeypatch.setattr(clients, "env", type("Env", (), {"trusted_proxies": count}))

    return stand


def test_without_proxies_the_header_says_nothing(proxies):
    proxies(0)

    assert asking("203.0.113.9", "198.51.100.7") == "203.0.113.9"


@pytest.mark.parametrize(
    ("count", "forwarded", "counted"),
    [
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "192.0.2.1, 198.51.100.7", "198.51.100.7"),
        (2, "192.0.2.1, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        (2, "198.51.100.7", "203.0.113.9"),
        (1, None, "203.0.113.9"),
        (1, "192.0.2.1, ", "203.0.113.9"),
        (1, "192.0.2.1, unknown", "203.0.113.9"),
        (1, "198.51.100.7:50123", "198.51.100.7"),
        (1, "[2001:db8:1:2:3::4]:50123", "2001:db8:1:2::"),
    ],
)
def test_the_outermost_of_our_proxies_is_believed_and_nobody_before_it(proxies, count, forwarded, counted):
    proxies(count)

    assert asking("203.0.113.9", forwarded) == counted


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:0db8:0001:0002::1", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:203.0.113.9", "203.0.113.9", True),
        ("::ffff:203.0.113.9", "::ffff:203.0.113.10", False),
        ("203.0.113.9", "203.0.113.10", False),
    ],
)
def test_a_network_of_ipv6_is_one_client(proxies, one, other, same):
    proxies(0)

    assert (asking(one) == asking(other)) is same
