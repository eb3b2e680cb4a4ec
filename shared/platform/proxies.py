"""Whose address a request has, where a proxy of the operator's stands before the functions: a CDN, a load balancer."""

import hmac
from typing import Final

from msgspec.structs import replace

from shared.platform.config import Settings
from shared.platform.http import Request, without_port

# The functions' own addresses stay open beside the proxy's, so it proves itself: anybody can write X-Forwarded-For.
_PROOF: Final = "X-Proxy-Secret"


def of_visitor(settings: Settings, request: Request) -> Request:
    """The request with its visitor's address, where a proxy with `PROXY_SECRET` has brought it; else as it is.

    Each proxy appends whom it saw to `X-Forwarded-For`; some clouds append the nearest proxy there as well, others tell
    of it elsewhere only.

    Sources: Google, "External Application Load Balancer", X-Forwarded-For (`client, load balancer`); CloudFront's
    developer guide, "Request and response behavior for custom origins"; the header of a function behind
    CloudFront, as an issue of thin-egress-app keeps it (`viewer, edge`).
    """
    secret, told = settings.proxy_secret, request.headers.get(_PROOF)
    if secret is None or told is None:
        return request
    if not hmac.compare_digest(told.encode("utf-8", "replace"), secret.reveal().encode()):
        return request
    whole = ",".join(request.headers.all("X-Forwarded-For")).split(",")
    seen, chain = without_port(request.address), [without_port(one.strip()) for one in whole if one.strip()]
    if chain[-1:] != [seen]:
        chain.append(seen)
    return replace(request, address=chain[max(0, len(chain) - 1 - settings.proxy_count)])
