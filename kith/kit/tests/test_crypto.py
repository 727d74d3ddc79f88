"""Values decrypt in their place with their key, and nowhere else."""

import base64
import hashlib
import secrets
import threading
import uuid

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kith.kit import crypto, errors, tenancy
from kith.kit.crypto import Undecryptable, blind_index, decrypt, encrypt
from kith.kit.models import SubjectKey

PERSON = uuid.UUID("0190a1b2-0000-7000-8000-000000000001")
OTHER = uuid.UUID("0190a1b2-0000-7000-8000-000000000002")
PLACE = "participants_person.phone:1"


def new_master() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


@pytest.fixture
def in_acme_scope(acme):
    with tenancy.use(acme.id) as scope:
        yield scope


@pytest.mark.django_db
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text())
def test_what_was_encrypted_is_decrypted(in_acme_scope, text):
    blob = encrypt(text, subject_id=PERSON, context=PLACE)

    assert len(blob) == len(text.encode()) + 33
    assert decrypt(memoryview(blob), subject_id=PERSON, context=PLACE) == text
    assert encrypt(text, subject_id=PERSON, context=PLACE) != blob


@pytest.mark.django_db
def test_every_flipped_bit_is_noticed(in_acme_scope):
    blob = encrypt("+31612345678", subject_id=PERSON, context=PLACE)

    for position in range(len(blob) * 8):
        flipped = bytearray(blob)
        flipped[position // 8] ^= 1 << position % 8
        with pytest.raises(Undecryptable):
            decrypt(bytes(flipped), subject_id=PERSON, context=PLACE)


@pytest.mark.django_db
def test_a_value_in_another_place_or_cut_short_does_not_decrypt(in_acme_scope):
    blob = encrypt("secret", subject_id=PERSON, context=PLACE)
    encrypt("his own", subject_id=OTHER, context=PLACE)

    for attempt in (
        lambda: decrypt(blob, subject_id=PERSON, context="participants_person.phone:2"),
        lambda: decrypt(blob, subject_id=OTHER, context=PLACE),
        lambda: decrypt(blob, subject_id=uuid.uuid4(), context=PLACE),
        *(
            lambda size=size: decrypt(blob[:size], subject_id=PERSON, context=PLACE)
            for size in range(len(blob))
        ),
    ):
        with pytest.raises(Undecryptable):
            attempt()
    with pytest.raises(ValueError):
        encrypt("secret", subject_id=PERSON, context="")


@pytest.mark.django_db
def test_another_tenant_cannot_decrypt_even_with_the_key_row(acme, rival):
    with tenancy.use(acme.id):
        blob = encrypt("secret", subject_id=PERSON, context=PLACE)
        row = SubjectKey.objects.get(subject_id=PERSON)
    with tenancy.use(rival.id):
        with pytest.raises(Undecryptable):
            decrypt(blob, subject_id=PERSON, context=PLACE)
        SubjectKey.objects.create(
            tenant_id=rival.id, subject_id=PERSON, wrapped=bytes(row.wrapped), kek_version=row.kek_version
        )
        with pytest.raises(Undecryptable):
            decrypt(blob, subject_id=PERSON, context=PLACE)


@pytest.mark.django_db
def test_a_destroyed_key_reads_nothing_any_more(acme):
    with tenancy.use(acme.id):
        blob = encrypt("secret", subject_id=PERSON, context=PLACE)
        kept = encrypt("other", subject_id=OTHER, context=PLACE)
        assert crypto.destroy_subject_key(PERSON) is True
        with pytest.raises(Undecryptable):
            decrypt(blob, subject_id=PERSON, context=PLACE)
        assert crypto.destroy_subject_key(PERSON) is False
    with tenancy.use(acme.id):
        encrypt("a new life", subject_id=PERSON, context=PLACE)
        with pytest.raises(Undecryptable):
            decrypt(blob, subject_id=PERSON, context=PLACE)
        assert decrypt(kept, subject_id=OTHER, context=PLACE) == "other"


@pytest.mark.django_db
def test_a_key_made_in_a_rolled_back_savepoint_is_never_used(acme):
    with tenancy.use(acme.id):
        with transaction.atomic():
            encrypt("lost", subject_id=PERSON, context=PLACE)
            transaction.set_rollback(True)
        blob = encrypt("kept", subject_id=PERSON, context=PLACE)
    with tenancy.use(acme.id):
        assert decrypt(blob, subject_id=PERSON, context=PLACE) == "kept"


@pytest.mark.django_db
def test_keys_are_read_once_per_scope_and_many_at_once(acme, django_assert_num_queries):
    people = [uuid.uuid4() for _ in range(30)]
    with tenancy.use(acme.id):
        blobs = {person: encrypt("x", subject_id=person, context=PLACE) for person in people}
    with tenancy.use(acme.id):
        with django_assert_num_queries(1):
            crypto.load_keys(people)
            assert {decrypt(blobs[person], subject_id=person, context=PLACE) for person in people} == {"x"}


@pytest.mark.django_db
def test_a_new_master_key_rewraps_keys_and_leaves_values_and_look_ups(acme, settings):
    old, new = new_master(), new_master()
    settings.KITH_KEYS_FOLLOWED, settings.KITH_PEPPER_KEY = False, old
    settings.KITH_MASTER_KEY, settings.KITH_MASTER_KEY_PREVIOUS = old, []
    with tenancy.use(acme.id):
        blob = encrypt("secret", subject_id=PERSON, context=PLACE)
        found_by = blind_index("a@b.example", kind="email")

    settings.KITH_MASTER_KEY, settings.KITH_MASTER_KEY_PREVIOUS = new, [old]
    with tenancy.use(acme.id):
        assert decrypt(blob, subject_id=PERSON, context=PLACE) == "secret"
        assert crypto.rewrap_keys() == 1
        assert crypto.rewrap_keys() == 0
        assert blind_index("a@b.example", kind="email") == found_by

    settings.KITH_MASTER_KEY_PREVIOUS = []
    with tenancy.use(acme.id):
        assert decrypt(blob, subject_id=PERSON, context=PLACE) == "secret"
        assert blind_index("a@b.example", kind="email") == found_by

    settings.KITH_MASTER_KEY = old
    with tenancy.use(acme.id), pytest.raises(Undecryptable):
        decrypt(blob, subject_id=PERSON, context=PLACE)


@pytest.mark.parametrize("key", ["", "short", base64.b64encode(b"x" * 31).decode(), "é" * 44])
def test_a_master_key_of_the_wrong_size_is_refused_at_once(settings, key):
    settings.KITH_KEYS_FOLLOWED, settings.KITH_MASTER_KEY = False, key

    with pytest.raises(ImproperlyConfigured):
        crypto.keyring()


def test_master_keys_do_not_show_in_logs():
    assert "masters" not in repr(crypto.keyring())


@pytest.mark.django_db
def test_look_ups_meet_however_the_value_is_written(in_acme_scope):
    digest = hashlib.sha256(b"anna@example.com").hexdigest()

    assert len(blind_index("x", kind="raw")) == 16
    assert (
        blind_index(" Anna@Example.com ", kind="email")
        == blind_index(digest, kind="email")
        == blind_index(digest.upper(), kind="email")
    )
    assert blind_index("+31 (6) 1234-5678", kind="phone") == blind_index("+31612345678", kind="phone")
    assert blind_index("nl91 abna 0417 1643 00", kind="iban") == blind_index(
        "NL91ABNA0417164300", kind="iban"
    )
    assert blind_index("a", kind="raw") != blind_index("A", kind="raw")
    assert blind_index("+31612345678", kind="phone") != blind_index("+31612345678", kind="raw")


@pytest.mark.django_db
@pytest.mark.parametrize("phone", ["", "0612345678", "+0612345678", "+31", "+3161234567890123", "call me"])
def test_phones_to_look_up_are_international(in_acme_scope, phone):
    with pytest.raises(errors.Invalid) as refused:
        blind_index(phone, kind="phone")
    assert "phone" in refused.value.fields


@pytest.mark.django_db
def test_look_ups_and_audit_digests_of_two_tenants_cannot_be_compared(acme, rival):
    with tenancy.use(acme.id):
        ours, pepper = blind_index("a@b.example", kind="email"), crypto.audit_pepper()
    with tenancy.use(rival.id):
        assert blind_index("a@b.example", kind="email") != ours
        assert crypto.audit_pepper() != pepper
        assert crypto.audit_pepper(acme.id) == pepper


def test_without_a_tenant_nothing_is_encrypted():
    for attempt in (
        lambda: encrypt("x", subject_id=PERSON, context=PLACE),
        lambda: blind_index("x", kind="raw"),
        crypto.audit_pepper,
    ):
        with pytest.raises(tenancy.NoTenant):
            attempt()


def test_many_at_once_make_one_key(committed):
    tenant = committed("acme")
    blobs, started = [], threading.Barrier(8)

    def work() -> None:
        try:
            started.wait()
            with tenancy.use(tenant.id):
                blobs.append(encrypt("same", subject_id=PERSON, context=PLACE))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with tenancy.use(tenant.id):
        assert SubjectKey.objects.filter(subject_id=PERSON).count() == 1
        assert [decrypt(blob, subject_id=PERSON, context=PLACE) for blob in blobs] == ["same"] * 8


def test_many_are_encrypted_and_read_in_as_many_statements_as_one(in_acme):

    def cost(subjects):
        values = [crypto.Value(subject, f"t.c:{subject}", f"text {subject}") for subject in subjects]
        with CaptureQueriesContext(connection) as seen:
            blobs = crypto.encrypt_many(values)
            sealed = [
                crypto.Value(value.subject_id, value.context, blob)
                for value, blob in zip(values, blobs, strict=True)
            ]
            assert crypto.decrypt_many(sealed) == [value.value for value in values]
        return len(seen)

    known, new = uuid.uuid4(), [uuid.uuid4() for _ in range(30)]
    encrypt("x", subject_id=known, context="t.c:1")
    assert cost([known, *new[:3]]) == cost([known, *new[3:]])
    crypto.destroy_subject_key(known)
    assert crypto.decrypt_many([crypto.Value(known, "t.c:1", b"\x01" * 40)]) == [None]
