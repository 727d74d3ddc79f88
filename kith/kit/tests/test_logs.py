"""What a log line never says."""

import json
import logging

import pytest

from kith.kit.logs import Discreet, formatter


@pytest.mark.parametrize(
    "text",
    [
        "POST /invitations/{}/",
        "POST /unlock/{}:a1/",
        "GET /accounts/password/reset/key/1-{}/",
        "the key kith_live_{} is unknown",
        "Authorization: Bearer {}",
        "cannot reach postgresql://owner:{}@127.0.0.1:5432/kith",
        "redis://:{}@127.0.0.1/0",
    ],
)
def test_links_credentials_and_passwords_in_addresses_are_left_out(text: str) -> None:
    secret = "zqSecretzqSecretzqSecret"
    record = logging.LogRecord("kith", logging.WARNING, "x.py", 1, text.format(secret), None, None)
    line = formatter().format(record)
    assert secret not in line
    assert json.loads(line)["event"].endswith(("…/", "…", "unknown", "kith", "/0"))


def test_the_developers_page_hides_the_environment() -> None:
    hidden = Discreet()
    for name in ("KITH_DATABASE_URL", "KITH_EMAIL_URL", "REDIS_URL", "HTTP_AUTHORIZATION", "HTTP_COOKIE"):
        assert hidden.cleanse_setting(name, "zqSecret") == hidden.cleansed_substitute
