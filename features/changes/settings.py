"""What a connection wants to know of its account: a part of its settings."""

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta, Struct

from shared.platform.decoding import convert

Id = Annotated[int, Meta(gt=0, le=2**63 - 1)]


class OrderStatus(Struct, forbid_unknown_fields=True, frozen=True):
    """A place of a deal, and the shop's word for it."""

    pipeline_id: Id
    status_id: Id
    status: Annotated[str, Meta(min_length=1, max_length=60)]


class Changes(Struct, forbid_unknown_fields=True, frozen=True):
    """Events to the company's own systems (rows H1-H3)."""

    is_on: bool = False
    message_texts: bool = False  # texts and attachments of chat messages are told, too
    order_statuses: Annotated[list[OrderStatus], Meta(max_length=200)] = []


class Document(Struct, frozen=True):
    """What changes add to the settings of an integration."""

    changes: Changes = Changes()


def of(stored: Mapping[str, Any]) -> Changes:
    """This part of a row's settings, with its defaults."""
    return convert(stored.get("changes") or {}, Changes)
