"""Whom this process trusts, read once: reading all authorities costs more than a request does."""

import ssl
from functools import cache

import httpx


@cache
def authorities() -> ssl.SSLContext:
    """For every `httpx.Client`, as `verify`. `SSL_CERT_FILE` and `SSL_CERT_DIR` name others than certifi's."""
    return httpx.create_ssl_context()
