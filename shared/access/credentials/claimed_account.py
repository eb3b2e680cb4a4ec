"""The account that a request claims, by its headers."""

from shared.amocrm.hosts import UntrustedHostError, clean_account_domain
from shared.platform.http import Request
from shared.platform.problems import invalid_input


def claimed_account(request: Request) -> tuple[str | None, str | None]:
    """Account domain (cleaned) and widget type, each None where it is not named. Raises 422 for a foreign domain."""
    domain = request.headers.get("X-Account-Domain")
    try:
        return clean_account_domain(domain) if domain else None, request.headers.get("X-Widget-Type") or None
    except UntrustedHostError as error:
        raise invalid_input(error.detail, "X-Account-Domain") from None
