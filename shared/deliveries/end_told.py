"""What the log says of a delivery that has ended well: in the words that pages have for actions and steps."""

from collections.abc import Iterable

from shared.platform.i18n import catalogue
from shared.platform.messages import Message, joined, said, say


def delivered(action: str, lead_id: int | None, steps: Iterable[str]) -> Message:
    named = joined(*(_named("step", one) for one in sorted(steps)), by=", ")
    if lead_id is None:
        return say("{action}: {steps}.", action=_named("action", action), steps=named)
    return say("{action} to deal {lead_id}: {steps}.", action=_named("action", action), lead_id=lead_id, steps=named)


def _named(family: str, name: str) -> Message:
    """Its English text is the sentence that the catalogues translate."""
    text = catalogue("en").get(f"{family}.{name}")
    return Message(text) if isinstance(text, str) else said(name)
