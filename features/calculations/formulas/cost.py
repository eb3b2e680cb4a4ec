"""How many steps a calculator takes at most, found out before anybody reckons by it: nothing in a formula turns in a
circle, so the only thing that multiplies is a sum over the rows of a list, inside of another.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from features.calculations.formulas.checker import Tree

# Of all formulas together, each list as long as it may become. A step takes some microseconds.
MOST_STEPS: Final = 200_000
_ROW: Final = 2  # steps, to look at a row


def steps(tree: Tree, lengths: Mapping[str, int]) -> int:
    """Of one formula; `lengths`: of lists, by their names."""
    match tree:
        case ["sum" | "largest" | "any", rows, each]:
            return 1 + lengths[rows] * (_ROW + steps(each, lengths))
        case ["is", *_]:  # its options are a list, too
            return 1
        case [_, *parts]:
            return 1 + sum(steps(part, lengths) for part in parts if isinstance(part, list))
    raise AssertionError(tree)


def of_document(document: Mapping[str, Any], lengths: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """The path of each formula of a compiled calculator, and how many steps it takes in all."""
    for index, field in enumerate(document["fields"]):
        yield from _of_part(f"fields[{index}]", field, ("when",), 1, lengths)
        for inner, one in enumerate(field.get("fields", [])):
            yield from _of_part(f"fields[{index}].fields[{inner}]", one, ("when",), lengths[field["id"]], lengths)
    for name, members in (
        ("variables", ("formula",)),
        ("items", ("when", "quantity", "price", "discount")),
        ("rules", ("refuse",)),
    ):
        for index, part in enumerate(document.get(name, [])):
            times = lengths[part["each"]] if "each" in part else 1
            yield from _of_part(f"{name}[{index}]", part, members, times, lengths)
    yield from _of_part("", document, ("discount", "delivery"), 1, lengths)


def _of_part(
    path: str, part: Mapping[str, Any], members: tuple[str, ...], times: int, lengths: Mapping[str, int]
) -> Iterator[tuple[str, int]]:
    for member in members:
        if member in part:
            here = f"{path}.{member}".removeprefix(".")
            yield here, times * (steps(part[member], lengths) + (_ROW if times > 1 else 0))
