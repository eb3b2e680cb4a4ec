"""33-4: a server that answers by TLS, a letter at a time, does no harm to what else this process reads."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from shared.platform import egress, tls
from shared.platform.clock import SystemClock
from shared.platform.egress import EgressError

_OTHERS = b"of another customer " * 10


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Of localhost, which this process trusts."""
    key, now = ec.generate_private_key(ec.SECP256R1()), SystemClock().now()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, kinds = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file = tmp_path / "localhost.pem"
    file.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, kinds, serialization.NoEncryption()))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    tls.authorities.cache_clear()
    yield file
    tls.authorities.cache_clear()


def test_33_4_nobody_elses_connection_is_read_when_one_takes_too_long(certificate: Path) -> None:
    """TLS reads by the number of a file: closed in the middle of it, that was the number of the next connection that
    the process made, whose first bytes were lost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))
    others: list[tuple[socket.socket, socket.socket]] = []

    def serve() -> None:
        with listener, context.wrap_socket(listener.accept()[0], server_side=True) as connection:
            connection.recv(9999)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nab")
            time.sleep(0.8)
            connection.sendall(b"c")
            time.sleep(1)
            others.extend(socket.socketpair() for _ in range(4))
            for _, far in others:
                far.sendall(_OTHERS)
            try:
                connection.sendall(b"d")
            except OSError:
                return  # it has gone, as it said
            time.sleep(2)

    server = threading.Thread(target=serve)
    server.start()
    place = f"localhost:{listener.getsockname()[1]}"
    with pytest.raises(EgressError, match="TooSlow"):
        egress.get(f"https://{place}/", {}, most=9999, seconds=1.5, private_hosts=frozenset({place}))
    server.join(10)
    for near, far in others:
        near.setblocking(False)
        assert near.recv(9999) == _OTHERS
        near.close()
        far.close()
