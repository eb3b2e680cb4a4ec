"""The stores of the token journal keep to one contract: a folder, S3 (moto), and a bucket of Google's or Yandex's kind.

The last one is a server here, after the clouds' own pages: other people's clouds are the only thing that is played.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest
from moto import mock_aws

from shared.platform.secret import Secret
from shared.storage import object_stores
from shared.storage.object_stores import ObjectStore, StoreError
from shared.storage.object_stores.cloud import GOOGLE, YANDEX, Cloud, Service

_PAGE = 2  # objects of a list


class _Bucket(BaseHTTPRequestHandler):
    """Objects by key, under `/bucket/…`, for whoever has the token; lists of two at a time."""

    def do_PUT(self) -> None:
        key, _ = self._asked()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        only_new = self.headers.get("x-goog-if-generation-match") == "0" or self.headers.get("If-None-Match") == "*"
        if only_new and key in self.server.objects:  # type: ignore[attr-defined]
            self._told(412, "<Error><Code>PreconditionFailed</Code></Error>")
        else:
            self.server.objects[key] = body  # type: ignore[attr-defined]
            self._told(200, "")

    def do_GET(self) -> None:
        if self.path.startswith("/computeMetadata/"):
            is_google = self.headers.get("Metadata-Flavor") == "Google"
            self._told(200 if is_google else 403, json.dumps({"access_token": "tok-1", "expires_in": 3600}))
            return
        key, query = self._asked()
        objects: dict[str, bytes] = self.server.objects  # type: ignore[attr-defined]
        if self.headers.get("Authorization") != "Bearer tok-1":
            self._told(403, "<Error><Code>AccessDenied</Code></Error>")
        elif key:
            body = objects.get(key)
            self._told(200, body.decode()) if body is not None else self._told(
                404, "<Error><Code>NoSuchKey</Code></Error>"
            )
        else:
            prefix, after = query.get("prefix", [""])[0], query.get("start-after", [""])[0]
            found = [one for one in sorted(objects) if one.startswith(prefix) and one > after]
            listed = "".join(f"<Contents><Key>{escape(one)}</Key></Contents>" for one in found[:_PAGE])
            more = str(len(found) > _PAGE).lower()
            self._told(200, f"<ListBucketResult><IsTruncated>{more}</IsTruncated>{listed}</ListBucketResult>")

    def do_DELETE(self) -> None:
        key, _ = self._asked()
        self._told(204 if self.server.objects.pop(key, None) is not None else 404, "")  # type: ignore[attr-defined]

    def _asked(self) -> tuple[str, dict[str, list[str]]]:
        parts = urlsplit(self.path)
        return unquote(parts.path).removeprefix("/bucket").lstrip("/"), parse_qs(parts.query)

    def _told(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def _server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Bucket) as server:
        server.objects = {}  # type: ignore[attr-defined]
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def _cloud(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    with _server() as host:
        monkeypatch.setenv("GCE_METADATA_HOST", host)
        yield Cloud(Service(f"http://{host}", service.only_new), "bucket", "journal/", None)


@contextmanager
def _s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        import boto3

        boto3.client("s3").create_bucket(Bucket="bucket")
        yield object_stores.at("s3://bucket/journal")


@pytest.fixture(params=["folder", "s3", "google", "yandex"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    if request.param == "folder":
        folder = tmp_path / "a disk"
        folder.mkdir()
        yield object_stores.at(folder.as_uri())
        return
    made: Callable[[], object] = {
        "s3": lambda: _s3(monkeypatch),
        "google": lambda: _cloud(GOOGLE, monkeypatch),
        "yandex": lambda: _cloud(YANDEX, monkeypatch),
    }[request.param]
    with made() as ready:  # type: ignore[attr-defined]
        yield ready


def test_37_1_each_store_keeps_to_one_contract(store: ObjectStore) -> None:
    store.prepare()
    keys = [f"{place}/{number}.json" for place in ("a", "b") for number in (1, 2, 3)]
    assert [store.create(key, key.encode()) for key in keys] == [True] * 6
    assert not store.create("a/1.json", b"another")
    assert store.read("a/1.json") == b"a/1.json"
    assert store.read("a/9.json") is None
    assert list(store.keys()) == keys
    assert list(store.keys("b/")) == keys[3:]
    assert list(store.keys("b/", "b/2.json")) == ["b/3.json"]
    store.replace("a/1.json", b"written anew")
    assert store.read("a/1.json") == b"written anew"
    store.remove("a/1.json")
    store.remove("a/1.json")
    assert list(store.keys("a/")) == ["a/2.json", "a/3.json"]


def test_37_1_what_is_not_there_or_does_not_let_us_in_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = object_stores.at(f"file://{tmp_path}/gone")
    with pytest.raises(StoreError, match="there is no folder"):
        gone.create("a/1.json", b"x")
    with pytest.raises(StoreError, match="there is no folder"):
        list(gone.keys())
    with _server() as host:
        refused = Cloud(Service(f"http://{host}", {}), "bucket", "", Secret("another"))
        with pytest.raises(StoreError, match="AccessDenied"):
            list(refused.keys())
    with pytest.raises(StoreError, match="ConnectError"):
        refused.read("a/1.json")
    with monkeypatch.context() as elsewhere:
        elsewhere.setitem(sys.modules, "boto3", None)
        with pytest.raises(StoreError, match="boto3 is not installed"):
            object_stores.at("s3://bucket").prepare()
    with _s3(monkeypatch), pytest.raises(StoreError, match="NoSuchBucket"):
        object_stores.at("s3://nobody/journal").create("a/1.json", b"x")
