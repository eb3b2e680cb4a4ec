"""The settings of one integration: one document, kept in its row; what is left out has its default.

Each subject adds its part, and reads only that.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo

from shared.subjects import settings_parts


class _Common(Struct):
    language: Literal["ru", "en"] = "ru"  # of notes and quotations


def _members(part: Any) -> list[tuple[str, Any, Any]]:
    def default(member: FieldInfo) -> Any:
        if member.default_factory is msgspec.NODEFAULT:
            return member.default
        return msgspec.field(default_factory=member.default_factory)

    return [(member.name, member.type, default(member)) for member in msgspec.structs.fields(part)]


_MEMBERS: Final = [
    member for part in (_Common, *(one.document for one in settings_parts())) for member in _members(part)
]

Settings: Final = msgspec.defstruct("Settings", _MEMBERS, forbid_unknown_fields=True, frozen=True)

SaveSettings: Final = msgspec.defstruct(
    "SaveSettings",
    [*_MEMBERS, ("action", str | None, None)],
    forbid_unknown_fields=True,
    frozen=True,
    namespace={"__doc__": "The whole document; what is left out has its default."},
)


def of(stored: Mapping[str, Any]) -> Struct:
    """The document of a row, with its defaults."""
    return msgspec.convert(stored, Settings)
