"""Encryption at rest (row A9, X10): bound to its place, several keys readable, damage noticed."""

import base64
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.deliveries import note_marks, order_proof
from shared.platform.secret import Guarded, Secret
from shared.storage.encryption import DecryptionError, Keyring, generate_key

OLD, NEW = ("old", Secret(generate_key())), ("new", Secret(generate_key()))
OWNER = uuid4()


@given(st.text())
def test_what_was_encrypted_is_read_again(text: str) -> None:
    keyring = Keyring((NEW,))
    stored = keyring.encrypt(text, OWNER, "access_token")
    assert keyring.decrypt(stored, OWNER, "access_token") == text
    assert stored != keyring.encrypt(text, OWNER, "access_token")


def test_a_value_in_another_row_or_column_does_not_decrypt() -> None:
    keyring = Keyring((NEW,))
    stored = keyring.encrypt("token", OWNER, "access_token")
    for owner, column in ((uuid4(), "access_token"), (OWNER, "refresh_token")):
        with pytest.raises(DecryptionError):
            keyring.decrypt(stored, owner, column)


@pytest.mark.parametrize("length", range(6))
def test_what_is_sealed_for_an_address_is_opened_whatever_its_length(length: int) -> None:
    keyring = Keyring((NEW,))
    sealed = keyring.sealed("x" * length, "return_to")
    assert "=" not in sealed
    assert keyring.opened(sealed, "return_to") == "x" * length
    assert keyring.opened(sealed, "visitor") is None


def test_the_first_key_writes_and_all_read() -> None:
    stored = Keyring((OLD,)).encrypt("token", OWNER, "x")
    both = Keyring((NEW, OLD))
    assert both.decrypt(stored, OWNER, "x") == "token"
    assert Keyring((NEW,)).decrypt(both.encrypt("token", OWNER, "x"), OWNER, "x") == "token"
    # What is named by both is found by its name when the old key is taken out.
    assert both.name_of("order:1042", OWNER) == Keyring((NEW,)).name_of("order:1042", OWNER)
    with pytest.raises(DecryptionError, match="ENCRYPTION_KEYS"):
        Keyring((NEW,)).decrypt(stored, OWNER, "x")


@given(st.binary(max_size=80))
def test_damage_is_an_error_of_ours_and_nothing_else(stored: bytes) -> None:
    with pytest.raises(DecryptionError):
        Keyring((NEW,)).decrypt(stored, OWNER, "x")


def test_32_8_a_value_that_was_cut_off_anywhere_is_an_error_of_ours() -> None:
    keyring = Keyring((NEW,))
    for text in ("", "token"):
        stored = keyring.encrypt(text, OWNER, "x")
        for length in range(len(stored)):
            with pytest.raises(DecryptionError, match=None if text else "too short"):
                keyring.decrypt(stored[:length], OWNER, "x")
        assert keyring.decrypt(stored, OWNER, "x") == text


@given(st.integers(min_value=0, max_value=46), st.integers(min_value=1, max_value=255))
def test_every_changed_byte_is_noticed(position: int, change: int) -> None:
    keyring = Keyring((NEW,))
    stored = bytearray(keyring.encrypt("sixteen letters.", OWNER, "x"))
    stored[position] ^= change
    with pytest.raises(DecryptionError):
        keyring.decrypt(bytes(stored), OWNER, "x")


def test_an_id_that_follows_from_a_value_is_a_uuid_of_ones_own_making() -> None:
    """RFC 9562, version 8, so that whoever reads one takes it for no random one, nor for a moment."""
    made = Keyring((NEW,)).name_of("a value", OWNER)
    assert (made.version, made.variant) == (8, "specified in RFC 4122")


def test_what_an_earlier_version_has_written_is_read_and_named_as_it_was() -> None:
    """An upgrade loses no token, and finds what was put under a fingerprint or a name before it."""
    keyring, owner = Keyring((("k1", Secret(base64.b64encode(bytes(range(32))).decode())),)), UUID(int=7)
    stored = bytes.fromhex("026b316465666768696a6b6c6d6e6f3c74b5031738f32051671357107b242e423a4fc165")
    assert keyring.decrypt(stored, owner, "access_token") == "token"
    (found,) = keyring.fingerprints("a value", owner)
    assert found.hex() == "5aaec32ef0c81dfaabd83238234e75f3f0c84a7e19417b88ab701cfdcfac1f98"
    assert keyring.name_of("a value", owner) == UUID("a6fdff56-be2b-872b-9435-4800328ca0a9")


def test_what_is_kept_of_an_orders_person_is_of_one_phone_or_one_address() -> None:
    """An e-mail is equal in any case, and only whole; a phone by its last figures; the two never meet."""
    keyring = Keyring((NEW,))
    kept = order_proof.may_be_kept(keyring, OWNER, "Anna2127001@Example.org")
    for told in (" anna2127001@example.org", "ANNA2127001@EXAMPLE.ORG "):
        assert order_proof.is_proven(keyring, OWNER, kept, told)
    for told in ("boris2127001@example.org", "2127001", "anna2127001"):
        assert not order_proof.is_proven(keyring, OWNER, kept, told)
    assert not order_proof.may_be_kept(keyring, OWNER, "Anna 12")


def test_32_8_what_an_order_keeps_outlives_the_key_before() -> None:
    kept = order_proof.proofs(Keyring((NEW, OLD)), OWNER, ["+7 916 555-44-33"], [])
    assert order_proof.is_proven(Keyring((NEW,)), OWNER, kept, "8 (916) 555-44-33")


class _Known(Guarded, frozen=True):
    HIDDEN = ("token",)

    name: str
    token: str


def test_32_8_what_is_printed_shows_all_but_its_secrets() -> None:
    assert repr(_Known("Anna", "very-secret")) == "_Known(name='Anna', token=***)"


def test_32_8_a_note_is_found_by_the_mark_that_versions_before_have_written() -> None:
    delivery_id = UUID("0f8fad5b-d9cb-469f-a165-70867728950e")
    assert note_marks.of_delivery(delivery_id) == "ref:0f8fad5bd9cb469fa165708677"
    assert note_marks.of_delivery(delivery_id, "0123456789abcdef") == "ref:0f8fad5bd9cb469fa165708677-01234567"
