"""Pages travel small."""

import gzip

import pytest
from django.test import Client


@pytest.mark.django_db
def test_a_page_is_compressed_for_who_understands_it(client: Client) -> None:
    plain = client.get("/accounts/login/")
    assert "Content-Encoding" not in plain.headers
    packed = client.get("/accounts/login/", headers={"accept-encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert len(packed.content) < len(plain.content) / 2
    assert b"<html" in gzip.decompress(packed.content)
