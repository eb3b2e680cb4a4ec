"""The addresses of visits: where a visitor moves or cancels, and a doctor's calendar."""

from features.bookings.rows import Visitor
from shared.platform.config import Settings


def visit_link(settings: Settings, visitor: Visitor) -> str:
    """The secret stands in the fragment, which no server sees. Empty where no address is set."""
    if not visitor.link or settings.crm_api_url is None:
        return ""
    return f"{settings.crm_api_url.rstrip('/')}/booking/#visit={visitor.link}"


def calendar_link(settings: Settings, secret: str) -> str:
    base = (settings.crm_api_url or "").rstrip("/")
    return f"{base}/booking_calendar?key={secret}"
