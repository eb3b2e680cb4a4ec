"""Whom this process trusts, read once: reading all authorities costs more than a request does."""

import os
import ssl
from functools import cache

import certifi


@cache
def authorities() -> ssl.SSLContext:
    """For every connection by TLS. `SSL_CERT_FILE` and `SSL_CERT_DIR` name others than certifi's."""
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if file or folder:
        return ssl.create_default_context(cafile=file or None, capath=None if file else folder)
    return ssl.create_default_context(cafile=certifi.where())
