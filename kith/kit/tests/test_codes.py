"""Codes are easy to read aloud and hard to guess; tokens are stored as digests."""

import hashlib

import pytest

from kith.kit import codes


def test_the_alphabet_has_thirty_symbols_nobody_confuses():
    assert len(codes.ALPHABET) == len(set(codes.ALPHABET)) == 30
    assert not set(codes.ALPHABET) & set("0O1ILU")


def test_generated_codes_are_well_formed_and_differ():
    made = {codes.referral_code() for _ in range(5000)}

    assert len(made) == 5000
    assert all(codes.is_well_formed(code) and codes.normalize(code) == code for code in made)


def test_unprintable_words_and_reserved_codes_are_drawn_again(monkeypatch):
    drawn = iter([_bytes_of("SEX23456"), b"\xff" * 9 + _bytes_of("AB34EFG"), _bytes_of("AB34EFGH") * 2])
    monkeypatch.setattr(codes.secrets, "token_bytes", lambda _size: next(drawn))

    assert codes.referral_code() == "AB34EFGH"


def _bytes_of(code):
    return bytes(codes.ALPHABET.index(symbol) for symbol in code)


@pytest.mark.parametrize(
    "written", ["ab34efgh", " AB34-EFGH ", "ab 34 ef gh", "AB34–EFGH", "ab34.efgh", "a_b34efgh"]
)
def test_the_way_of_writing_does_not_matter(written):
    assert codes.normalize(written) == "AB34EFGH"


@pytest.mark.parametrize(
    "code", ["", "AB34EFG", "AB34EFGHJ", "AB34EFG0", "AB34EFGI", "ab34efgh", "ＡB34EFGH", "REFERRAL"]
)
def test_other_codes_are_not_well_formed(code):
    assert not codes.is_well_formed(code)


@pytest.mark.parametrize(
    ("code", "fine"),
    [("ANNA2026", True), ("LOUISE", True), ("ABC", False), ("A" * 25, False), ("ADMIN", False)],
)
def test_vanity_codes_may_use_every_letter_but_no_reserved_word(code, fine):
    assert codes.is_well_formed(code, vanity=True) is fine


def test_tokens_are_random_and_stored_as_digest():
    token = codes.random_token()

    assert token != codes.random_token()
    assert len(token) == 43
    assert codes.hash_token(token) == hashlib.sha256(token.encode()).digest()
