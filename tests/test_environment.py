"""Settings that contradict each other are refused, each with its remedy."""

import base64

import pytest

from kith import env

SECURE = {"KITH_SECURE": "true", "KITH_TRUSTED_PROXIES": "1", "KITH_BASE_URL": "https://kith.example"}
KEY = base64.b64encode(bytes(32)).decode()


def test_a_secure_installation_is_accepted() -> None:
    assert env.read(SECURE).secure


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"KITH_DEBUG": "true"}, "KITH_DEBUG"),
        ({"KITH_TRUSTED_PROXIES": "0"}, "KITH_TRUSTED_PROXIES"),
        ({"KITH_BASE_URL": "http://kith.example"}, "KITH_BASE_URL"),
        ({"KITH_BASE_URL": ""}, "KITH_BASE_URL"),
    ],
)
def test_what_undoes_it_is_refused(change: dict[str, str], named: str) -> None:
    with pytest.raises(env.BadEnvironment, match=named):
        env.read(SECURE | change)


def test_former_master_keys_are_a_list_and_never_shown() -> None:
    assert env.read({"KITH_MASTER_KEY_PREVIOUS": f"{KEY}, {KEY}"}).master_key_previous == (KEY, KEY)
    with pytest.raises(env.BadEnvironment) as refused:
        env.read({"KITH_MASTER_KEY_PREVIOUS": f"{KEY},short-secret"})
    assert "short-secret" not in str(refused.value)
