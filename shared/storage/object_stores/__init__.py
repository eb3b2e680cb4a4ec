"""Where objects are kept outside of the database: a folder, or a bucket of one of the three clouds.

* `file:///folder`: a folder of this machine.
* `s3://bucket/prefix`: Amazon S3, or what speaks its language at `AWS_ENDPOINT_URL_S3`. boto3 finds who lets us in: a
  function's role, a profile, keys.
* `gs://bucket/prefix`, `yandex://bucket/prefix`: Google Cloud Storage, Yandex Object Storage; as the function's own
  service account, whose token the metadata server gives.

Nothing is imported, and nothing is connected, before the first object.
"""

from collections.abc import Iterator
from typing import Protocol
from urllib.parse import unquote, urlsplit

from shared.platform.secret import Secret


class StoreError(Exception):
    """The store did not do it: it is away, or it does not let us. The message holds no secret."""


class ObjectStore(Protocol):
    """Objects by their keys, below the address's prefix. Threads may share it. All raise :class:`StoreError`, within
    seconds also where nobody answers."""

    def prepare(self) -> None:
        """Makes ready what takes long the first time."""

    def create(self, key: str, body: bytes) -> bool:
        """False where an object with this key is there already, which is left as it is."""

    def replace(self, key: str, body: bytes) -> None: ...

    def read(self, key: str) -> bytes | None:
        """None where there is no such object."""

    def keys(self, prefix: str = "", after: str = "") -> Iterator[str]:
        """In the order of their letters; page by page."""

    def remove(self, key: str) -> None:
        """What is not there is removed."""


def at(url: str, access_token: Secret | None = None) -> ObjectStore:
    """The store at an address that the configuration has checked.

    `access_token`: for Google and Yandex, on a machine that has no metadata server.
    """
    parts = urlsplit(url)
    bucket, prefix = parts.netloc, parts.path.strip("/")
    prefix = f"{prefix}/" if prefix else ""
    if parts.scheme == "file":
        from shared.storage.object_stores.folder import Folder

        return Folder(unquote(parts.path))
    if parts.scheme == "s3":
        from shared.storage.object_stores.s3 import S3

        return S3(bucket, prefix)
    from shared.storage.object_stores.cloud import GOOGLE, YANDEX, Cloud

    return Cloud(GOOGLE if parts.scheme == "gs" else YANDEX, bucket, prefix, access_token)
