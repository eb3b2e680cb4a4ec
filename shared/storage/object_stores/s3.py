"""Amazon S3, by the SDK that Lambda's runtime has; it is in no package of ours."""

import threading
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

from shared.storage.object_stores import StoreError

T = TypeVar("T")

# One try, and not for long: somebody's refresh waits, and what could not be written is caught up with.
_CONNECT_SECONDS: Final = 1
_READ_SECONDS: Final = 2
_THREADS: Final = 64
_THERE_ALREADY: Final = ("PreconditionFailed", "ConditionalRequestConflict")


class S3:
    def __init__(self, bucket: str, prefix: str) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._client: Any = None
        self._lock = threading.Lock()  # making a client is not safe among threads

    def prepare(self) -> None:
        self._called(lambda client: None)

    def create(self, key: str, body: bytes) -> bool:
        try:
            self._put(key, body, IfNoneMatch="*")
        except StoreError as error:
            if str(error) in _THERE_ALREADY:
                return False
            raise
        return True

    def replace(self, key: str, body: bytes) -> None:
        self._put(key, body)

    def read(self, key: str) -> bytes | None:
        try:
            answer = self._called(lambda client: client.get_object(Bucket=self._bucket, Key=self._prefix + key))
            return bytes(self._called(lambda client: answer["Body"].read()))
        except StoreError as error:
            if str(error) == "NoSuchKey":
                return None
            raise

    def keys(self, prefix: str = "", after: str = "") -> Iterator[str]:
        while True:
            asked = {"Bucket": self._bucket, "Prefix": self._prefix + prefix, "StartAfter": self._prefix + after}
            page = self._called(lambda client, asked=asked: client.list_objects_v2(**asked))  # type: ignore[misc]
            for one in page.get("Contents", []):
                after = one["Key"].removeprefix(self._prefix)
                yield after
            if not page.get("IsTruncated"):
                return

    def remove(self, key: str) -> None:
        self._called(lambda client: client.delete_object(Bucket=self._bucket, Key=self._prefix + key))

    def _put(self, key: str, body: bytes, **condition: str) -> None:
        place = {"Bucket": self._bucket, "Key": self._prefix + key}
        self._called(lambda client: client.put_object(**place, Body=body, ContentType="application/json", **condition))

    def _called(self, work: Callable[[Any], T]) -> T:
        """Raises :class:`StoreError` with the store's own code, or the class of what went wrong."""
        try:
            import boto3
            from botocore.config import Config
            from botocore.exceptions import BotoCoreError, ClientError
        except ImportError:
            raise StoreError("boto3 is not installed") from None
        try:
            if self._client is None:
                with self._lock:
                    self._client = self._client or boto3.client(
                        "s3",
                        config=Config(
                            connect_timeout=_CONNECT_SECONDS,
                            read_timeout=_READ_SECONDS,
                            retries={"total_max_attempts": 1},
                            max_pool_connections=_THREADS,
                        ),
                    )
            return work(self._client)
        except ClientError as error:
            raise StoreError(error.response.get("Error", {}).get("Code") or type(error).__name__) from None
        except (BotoCoreError, ValueError, OSError) as error:  # ValueError: a setting of boto3's that is none
            raise StoreError(type(error).__name__) from None
