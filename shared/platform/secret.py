"""A value that must not be seen: it does not appear in repr, str, format or a traceback's locals."""

from typing import ClassVar, final

from msgspec import Struct


@final
class Secret:
    """Text that is only readable through :meth:`reveal`, so that every place that reads it can be found."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return repr(self)

    def __bool__(self) -> bool:
        return bool(self._value)


class Guarded(Struct, frozen=True):
    """A value that shows some of its members to nobody who prints it."""

    HIDDEN: ClassVar[tuple[str, ...]] = ()

    def __repr__(self) -> str:
        shown = (
            f"{name}={'***' if name in self.HIDDEN else repr(getattr(self, name))}" for name in self.__struct_fields__
        )
        return f"{type(self).__name__}({', '.join(shown)})"
