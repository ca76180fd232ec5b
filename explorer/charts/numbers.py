"""How a number is written, the same in every drawing, table and sentence."""

from __future__ import annotations

import math

MOST_SINGLE_TICKS = 10


def format_number(number: float, digits: int = 4) -> str:
    """`digits` significant figures and a true minus sign: 0.7031, −12.5.

    Where zeros would pile up there is an exponent, and room for one figure less: 1.23e−7.
    """
    if not math.isfinite(number):
        return "not a number" if math.isnan(number) else ("∞" if number > 0 else "−∞")
    if number == 0:
        return "0"
    size = abs(number)
    if 1e-3 <= size < 1e5:
        text = f"{number:.{digits}g}"
        if "e" in text:
            text = f"{number:.0f}"
    else:
        mantissa, exponent = f"{number:.{max(digits - 2, 1)}e}".split("e")
        if "." in mantissa:
            mantissa = mantissa.rstrip("0").rstrip(".")
        text = f"{mantissa}e{int(exponent)}"
    return text.replace("-", "−")


def as_operand(number: float) -> str:
    """A number as it stands in a formula: in parentheses if it is negative."""
    text = format_number(number)
    return f"({text})" if text.startswith("−") else text


def format_fixed(number: float, places: int = 2) -> str:
    """So many places behind the point, as numbers stand in a grid: 0.52, −0.37, never −0.00.

    Plotly's own formats write a hyphen.
    """
    text = f"{number:.{places}f}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", "−")


def format_signed(number: float, places: int = 3) -> str:
    """What is added: always with its sign, and so many places behind the point: +0.521, −0.367."""
    return f"{number:+.{places}f}".replace("-", "−")


def format_typed(number: float) -> str:
    """A number as somebody has typed it, to be named in a sentence: 12.7, −1, 70,000."""
    return f"{number:,.15g}".replace("-", "−")


def whole_ticks(count: int) -> dict[str, int]:
    """For an axis that counts so many things: no ticks between them, as few would get."""
    return {"dtick": 1} if count <= MOST_SINGLE_TICKS else {}
