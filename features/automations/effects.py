"""What an automation does. A text may name values of the deal, in braces."""

import re
from collections.abc import Mapping
from typing import Annotated, Final

from msgspec import Meta, Struct

from shared.platform.messages import say
from shared.platform.problems import InputError, Problem

# What a text may name; `calculation.total` is of the newest calculation or order in the deal.
VALUES: Final = (
    "deal.id",
    "deal.name",
    "deal.price",
    "contact.name",
    "contact.phone",
    "contact.email",
    "calculation.total",
)
_NAMED: Final = re.compile(r"\{([a-z_.]+)\}")
# What somebody may have meant as a value, and would be read by a client as it stands.
_MEANT: Final = re.compile(r"\{([^{}]+)\}")

Text = Annotated[str, Meta(min_length=1, max_length=4000, pattern=r"\S")]
Id = Annotated[int, Meta(gt=0, le=2**63 - 1)]


class Note(Struct, tag_field="kind", tag="note", forbid_unknown_fields=True, frozen=True):
    """A note in the deal's feed."""

    text: Text


class Task(Struct, tag_field="kind", tag="task", forbid_unknown_fields=True, frozen=True):
    """A task of the deal, due `due_minutes` after the deal has come to the stage; for the deal's responsible user where
    none is named."""

    text: Text
    due_minutes: Annotated[int, Meta(ge=0, le=525_600)] = 1440
    task_type_id: Id | None = None
    responsible_user_id: Id | None = None


class Quotation(Struct, tag_field="kind", tag="quotation", forbid_unknown_fields=True, frozen=True):
    """A PDF of the goods that stand in the deal, in its files and its feed."""

    title: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")] | None = None


class Call(Struct, tag_field="kind", tag="call", forbid_unknown_fields=True, frozen=True):
    """A signed message to a server of the company."""


class Bot(Struct, tag_field="kind", tag="bot", forbid_unknown_fields=True, frozen=True):
    """Starts a bot (Salesbot) of the account in the deal's conversation."""

    bot_id: Id


Work = Note | Task | Quotation | Call | Bot


def check(work: Work) -> None:
    """Raises 422 for a text that names what there is not."""
    for member in ("text", "title"):
        unknown = [name for name in _MEANT.findall(getattr(work, member, None) or "") if name not in VALUES]
        if unknown:
            detail = say("there is no value {name}; there are {known}", name=unknown[0][:60], known=", ".join(VALUES))
            problem = say("The request was understood, but a value in it is not right.")
            raise Problem(422, "invalid_input", problem, errors=(InputError(f"work.{member}", detail),))


def names(text: str, subject: str) -> bool:
    """Whether the text names a value of the subject: deal, contact, calculation."""
    return any(name.partition(".")[0] == subject for name in _NAMED.findall(text))


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its values; what there is not stays empty."""
    return _NAMED.sub(lambda match: values.get(match[1], ""), text)
