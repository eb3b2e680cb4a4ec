"""Units of numbers: how many of the base unit one is, and of which dimension."""

from fractions import Fraction
from typing import Final, NamedTuple

# Powers of length (m), mass (kg) and time (h).
Dimension = tuple[int, int, int]

NONE: Final[Dimension] = (0, 0, 0)


class Unit(NamedTuple):
    factor: Fraction  # so many of the base unit
    dimension: Dimension


_LENGTHS: Final = {"mm": Fraction(1, 1000), "cm": Fraction(1, 100), "m": Fraction(1), "km": Fraction(1000)}

UNITS: Final[dict[str, Unit]] = (
    {name: Unit(factor, (1, 0, 0)) for name, factor in _LENGTHS.items()}
    | {f"{name}2": Unit(factor**2, (2, 0, 0)) for name, factor in _LENGTHS.items()}
    | {f"{name}3": Unit(factor**3, (3, 0, 0)) for name, factor in _LENGTHS.items()}
    | {
        "ha": Unit(Fraction(10_000), (2, 0, 0)),
        "l": Unit(Fraction(1, 1000), (3, 0, 0)),
        "g": Unit(Fraction(1, 1000), (0, 1, 0)),
        "kg": Unit(Fraction(1), (0, 1, 0)),
        "t": Unit(Fraction(1000), (0, 1, 0)),
        "min": Unit(Fraction(1, 60), (0, 0, 1)),
        "h": Unit(Fraction(1), (0, 0, 1)),
        "day": Unit(Fraction(24), (0, 0, 1)),
    }
)


def named(dimension: Dimension) -> str:
    """As it is told to people: by the base units, `m2`, `kg/h`; a plain number is 1."""
    over = [
        f"{name}{power if power > 1 else ''}"
        for name, power in zip(("m", "kg", "h"), dimension, strict=True)
        if power > 0
    ]
    under = [
        f"{name}{-power if power < -1 else ''}"
        for name, power in zip(("m", "kg", "h"), dimension, strict=True)
        if power < 0
    ]
    return "/".join(["·".join(over) or "1", *under])
