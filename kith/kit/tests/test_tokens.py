"""Signed tokens: only our keys count, only in their time, and only the way we sign."""

import base64
import datetime
import hashlib
import hmac
import json
import subprocess
import sys
from datetime import UTC, timedelta
from types import SimpleNamespace

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from kith import secrets
from kith.kit import tokens

NOW = datetime.datetime(2026, 6, 15, 10, 0, tzinfo=UTC)
FIVE_MINUTES = timedelta(minutes=5)
CLAIMS = {"sub": "somebody", "fam": "f"}


@pytest.fixture(autouse=True)
def installation(tmp_path, monkeypatch):
    """Secrets of its own."""
    monkeypatch.setattr(secrets, "env", SimpleNamespace(data_dir=tmp_path))
    return tmp_path


def signed(now=NOW):
    return tokens.sign(CLAIMS, now=now, lifetime=FIVE_MINUTES)


def refused(token, now=NOW):
    with pytest.raises(tokens.TokenInvalid):
        tokens.verify(token, now=now)
    return True


def b64(value):
    data = json.dumps(value).encode() if isinstance(value, dict) else value
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def body(**changes):
    return {**CLAIMS, "iss": "kith", "iat": NOW.timestamp(), "exp": NOW.timestamp() + 300, **changes}


def present_key():
    return list(tokens._keys().items())[-1]


def test_a_token_is_good_until_it_expires():
    token = signed()

    assert tokens.verify(token, now=NOW + FIVE_MINUTES - timedelta(seconds=1))["sub"] == "somebody"
    assert refused(token, NOW + FIVE_MINUTES)


def test_a_token_may_not_outlive_its_key():
    with pytest.raises(ValueError, match="outlive"):
        tokens.sign(CLAIMS, now=NOW, lifetime=tokens.OVERLAP + timedelta(seconds=1))


def test_every_altered_byte_is_seen():
    token = signed()
    for at in range(0, len(token) - 1, 7):  # the last character has bits that say nothing
        other = "A" if token[at] != "A" else "B"
        assert refused(token[:at] + other + token[at + 1 :])


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
@pytest.mark.parametrize("encoding", ["PEM", "DER"])
def test_the_public_key_is_no_shared_secret(algorithm, encoding):
    """The classic confusion: sign with what everybody may know, and say that it was symmetric."""
    name, key = present_key()
    public = key.public_key().public_bytes(
        getattr(serialization.Encoding, encoding), serialization.PublicFormat.SubjectPublicKeyInfo
    )
    said = f"{b64({'alg': algorithm, 'typ': 'JWT', 'kid': name})}.{b64(body())}"
    digest = getattr(hashlib, f"sha{algorithm[2:]}")
    assert refused(f"{said}.{b64(hmac.new(public, said.encode(), digest).digest())}")


@pytest.mark.parametrize("word", ["none", "None", "NONE", "nOnE", ""])
def test_no_signature_is_no_signature(word):
    name, _key = present_key()
    said = f"{b64({'alg': word, 'kid': name})}.{b64(body())}"
    assert refused(f"{said}.")
    assert refused(f"{said}.{signed().rpartition('.')[2]}")


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_even_our_own_key_signs_one_way_only(algorithm):
    name, key = present_key()
    assert refused(jwt.encode(body(), key, algorithm=algorithm, headers={"kid": name}))


@pytest.mark.parametrize(
    "name",
    ["", "k0", "K1", "k1 ", "../../etc/passwd", "/dev/null", "k1\0", "' or 1=1 --", "https://evil.example/jwks",
     0, None, ["k1"], {"k1": 1}, True],
)  # fmt: skip
def test_a_key_is_found_by_its_name_only(name):
    """Signed by a stranger, or by ourselves under another name: both are nobody's."""
    _name, ours = present_key()
    theirs = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for key in (ours, theirs):
        said = f"{b64({'alg': 'RS256', 'kid': name})}.{b64(body())}"
        signature = jwt.get_algorithm_by_name("RS256").sign(said.encode(), key)
        assert refused(f"{said}.{b64(signature)}")


def test_keys_that_the_token_brings_along_are_not_used():
    name, _key = present_key()
    theirs = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    own = json.loads(jwt.get_algorithm_by_name("RS256").to_jwk(theirs.public_key()))
    for extra in ({"jwk": own}, {"jku": "https://evil.example/jwks"}, {"x5u": "https://evil.example/cert"}):
        assert refused(jwt.encode(body(), theirs, algorithm="RS256", headers={"kid": name, **extra}))


@pytest.mark.parametrize(
    "changes", [{"iss": "elsewhere"}, {"iss": None}, {"sub": None}, {"exp": None}, {"iat": None}]
)
def test_claims_are_insisted_on(changes):
    name, key = present_key()
    said = {claim: value for claim, value in body(**changes).items() if value is not None}
    assert refused(jwt.encode(said, key, algorithm="RS256", headers={"kid": name}))


@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "é.é.é", "x" * 10_000, "e30.e30.", "W10.W10.W10"])
def test_what_is_no_token_is_refused(text):
    assert refused(text)


# --- rotation -----------------------------------------------------------------------------------------


def test_a_new_key_signs_and_the_former_verifies_until_its_tokens_have_expired():
    before = signed()
    name = tokens.rotate(now=NOW)
    after = signed()

    assert jwt.get_unverified_header(before)["kid"] == "k1"
    assert jwt.get_unverified_header(after)["kid"] == name
    for token in (before, after):
        assert tokens.verify(token, now=NOW + FIVE_MINUTES - timedelta(seconds=1))


def test_a_retired_key_signs_nothing_any_more():
    """Whoever copied it before can still make tokens with it, but nobody takes them."""
    _name, former = present_key()
    tokens.rotate(now=NOW)
    late = NOW + tokens.OVERLAP
    forged = jwt.encode(body(exp=late.timestamp() + 300), former, algorithm="RS256", headers={"kid": "k1"})

    assert tokens.verify(forged, now=late - timedelta(seconds=1))
    assert refused(forged, late)


def test_a_leaked_key_ends_at_once():
    before = signed()
    tokens.rotate(now=NOW, keep_former=False)

    assert refused(before)
    assert tokens.verify(signed(), now=NOW)


def test_keys_do_not_pile_up(installation):
    signed()
    for hours in range(5):
        tokens.rotate(now=NOW + timedelta(hours=hours))

    assert len(json.loads(secrets.stored("jwt_keys"))) == 2
    assert (installation / "secrets.json").stat().st_mode & 0o077 == 0


def test_other_secrets_stay_as_they_are():
    master = secrets.stored("master_key", make=secrets.key)
    signed()
    tokens.rotate(now=NOW)

    assert secrets.stored("master_key") == master


def test_a_running_process_takes_the_new_key_without_a_restart(installation):
    """Another process rotates; this one signs with the new key from its next token on."""
    before = signed()
    code = "import datetime; from kith.kit import tokens; print(tokens.rotate(now=datetime.datetime.now(datetime.UTC)))"
    done = subprocess.run(
        [sys.executable, "-c", f"import django; django.setup(); {code}"], check=True, capture_output=True, text=True,
        env={"PATH": "/usr/bin", "KITH_DATA_DIR": str(installation), "DJANGO_SETTINGS_MODULE": "kith.settings"},
    )  # fmt: skip

    assert jwt.get_unverified_header(signed())["kid"] == done.stdout.strip()
    assert tokens.verify(before, now=NOW)
