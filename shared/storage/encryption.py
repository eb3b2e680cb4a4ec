"""Encryption of single values at rest: AES-256-GCM, bound to the place the value belongs to.

A stored value is ``key id length (1 byte) | key id | nonce (12 bytes) | ciphertext and tag``. The associated data is
the row's id and the column's name: a value moved to another row or column does not decrypt.
"""

import base64
import hashlib
import hmac
import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.platform.messages import say
from shared.platform.problems import ForeseenError, Kind
from shared.platform.secret import Secret

_NONCE_BYTES = 12
_IN_NO_ROW = UUID(int=0)


class DecryptionError(ForeseenError):
    """The value is damaged, stands in the wrong place, or its key is not configured. Says which, never the value."""

    kind = Kind(
        500, "decryption_failed", say("A stored secret cannot be read. The operator must check ENCRYPTION_KEYS.")
    )


class Keyring:
    """Several keys can read; the first one writes and names. Keys are 32 bytes, given in base64."""

    def __init__(self, keys: tuple[tuple[str, Secret], ...]) -> None:
        if not keys:
            raise ValueError("a keyring needs at least one key")
        self._fingerprint_secrets = [
            hmac.digest(base64.b64decode(key.reveal()), b"amocrm-functions fingerprint", "sha256") for _, key in keys
        ]
        _, first = keys[0]
        self._name_secret = hmac.digest(base64.b64decode(first.reveal()), b"amocrm-functions name", "sha256")
        self._ciphers = {key_id: AESGCM(base64.b64decode(key.reveal())) for key_id, key in keys}
        self.writing_key_id = keys[0][0]

    def encrypt(self, value: str, owner: UUID, column: str) -> bytes:
        """AES-256-GCM, bound to its row and column: a value that was moved to another place cannot be read."""
        nonce = os.urandom(_NONCE_BYTES)
        key_id = self.writing_key_id.encode()
        sealed = self._ciphers[self.writing_key_id].encrypt(nonce, value.encode(), _associated_data(owner, column))
        return bytes([len(key_id)]) + key_id + nonce + sealed

    def sealed(self, value: str, purpose: str) -> str:
        """The value as text for an address, to be carried by somebody else; it is good for this purpose only."""
        return base64.urlsafe_b64encode(self.encrypt(value, _IN_NO_ROW, purpose)).decode().rstrip("=")

    def opened(self, text: str, purpose: str) -> str | None:
        """What :meth:`sealed` has sealed; None for a text that we did not make."""
        try:
            return self.decrypt(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), _IN_NO_ROW, purpose)
        except (ValueError, DecryptionError):  # binascii.Error, and letters that are not ASCII, are ValueErrors
            return None

    def fingerprints(self, value: str, owner: UUID) -> list[bytes]:
        """32 bytes that stand for a value and do not tell it, one for each key: instances that share a key meet."""
        message = _associated_data(owner, "fingerprint") + b":" + value.encode()
        return [hmac.digest(secret, message, "sha256") for secret in self._fingerprint_secrets]

    def digests(self, content: bytes, owner: UUID) -> list[str]:
        """Of what is only compared, such as a form that may come again, 64 digits for each key; the first is stored.
        One without a key would tell a phone, of a form that is little else, to whoever tries all of them."""
        return [one.hex() for one in self.fingerprints(f"digest:{hashlib.sha256(content).hexdigest()}", owner)]

    def name_of(self, value: str, owner: UUID) -> UUID:
        """The id of what this value stands for: the same whenever it is asked for, also where nobody remembers it, and
        not to be guessed. Another key in front makes other ids."""
        message = _associated_data(owner, "name") + b":" + value.encode()
        found = bytearray(hmac.digest(self._name_secret, message, "sha256"))
        found[6] = found[6] & 0x0F | 0x80  # RFC 9562, version 8: made in a way of one's own
        found[8] = found[8] & 0x3F | 0x80
        return UUID(bytes=bytes(found[:16]))

    def is_current(self, stored: bytes) -> bool:
        """Whether the value was written with the key that writes now."""
        key_id = self.writing_key_id.encode()
        return stored[: 1 + len(key_id)] == bytes([len(key_id)]) + key_id

    def decrypt(self, stored: bytes, owner: UUID, column: str) -> str:
        """Raises :class:`DecryptionError`."""
        if len(stored) < 2 or len(stored) < 1 + stored[0] + _NONCE_BYTES + 16:
            raise DecryptionError(f"{column} of {owner} is too short to be an encrypted value")
        body = 1 + stored[0]
        key_id = stored[1:body].decode("ascii", "replace")
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise DecryptionError(f"{column} of {owner} was written with a key that ENCRYPTION_KEYS does not hold")
        nonce, sealed = stored[body : body + _NONCE_BYTES], stored[body + _NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, sealed, _associated_data(owner, column)).decode()
        except InvalidTag:
            raise DecryptionError(f"{column} of {owner} is damaged or belongs to another place") from None


def generate_key() -> str:
    """A new key, in base64."""
    return base64.b64encode(AESGCM.generate_key(256)).decode()


def _associated_data(owner: UUID, column: str) -> bytes:
    return f"{owner}:{column}".encode()
