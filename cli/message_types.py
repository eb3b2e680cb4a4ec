"""For mypy: a message that is written into a text, unread, is an error. (An f-string takes any object, says Python.)"""

from collections.abc import Callable

from mypy.plugin import FunctionContext, MethodContext, Plugin
from mypy.types import Instance, Type, UnionType, get_proper_type

_MESSAGE = "shared.platform.messages.Message"


class _Plugin(Plugin):
    def get_method_hook(self, fullname: str) -> Callable[[MethodContext], Type] | None:
        # An f-string is `"{:{}}".format(…)` to mypy.
        return _checked if fullname in ("builtins.str.format", "builtins.str.__mod__") else None

    def get_function_hook(self, fullname: str) -> Callable[[FunctionContext], Type] | None:
        return _checked if fullname in ("builtins.str", "builtins.print", "builtins.format") else None


def _checked(context: MethodContext | FunctionContext) -> Type:
    for given in (one for group in context.arg_types for one in group):
        if _is_message(given):
            context.api.fail("A message is text in a language only: translated(message, language)", context.context)
    return context.default_return_type


def _is_message(given: Type) -> bool:
    proper = get_proper_type(given)
    if isinstance(proper, UnionType):
        return any(map(_is_message, proper.items))
    return isinstance(proper, Instance) and proper.type.fullname == _MESSAGE


def plugin(version: str) -> type[Plugin]:
    return _Plugin
