"""Figures for a canvas, drawn within a frame of the screen: what is in them, not how it is drawn.

Plotly, which draws all other figures, takes 40 to 50 ms for one of these. That is too long for what
answers to every weight that is clicked and to every move of a hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.floating]
Places = npt.NDArray[np.intp]
Colour = Literal["forward", "backward", "text"]
Scale = Literal["diverging", "greys"]
Shape = Literal["dot", "ring", "diamond"]


@dataclass(frozen=True)
class Axis:
    """One along which panels are drawn; those that share it are enlarged together.

    Attributes:
        low, high: its numbers at the left or the bottom, and at the right or the top.
        title: what it counts.
        most_ticks: how many of its numbers are written at most; 0 for none.
        is_whole: whether they are whole numbers.
        names: what is written at some of them instead.
        is_upright: whether the names, of an axis from left to right, are to be read from below.
    """

    low: float
    high: float
    title: str = ""
    most_ticks: int = 8
    is_whole: bool = False
    names: Mapping[int, str] | None = None
    is_upright: bool = False


@dataclass(frozen=True)
class Cells:
    """Numbers `(rows, columns)` as colours; rows and columns count from 1.

    Attributes:
        values: the numbers.
        lowest, highest: the numbers of the first colour and of the last, and of all beyond.
        chosen: the row and the column of the framed cell, from 0.
        name: what a cell is.
        tip: what is said of one, with {x}, {y}, {z} and, where they are known, {text}, {row} and
            {column} in it; as in all tips to four digits, or with {z:6} to six.
        scale: its colours: from orange over the ground, for zero, to blue; or greys.
        texts: one for each.
        written: in each.
        places: the row and the column from which each has come, `(rows, columns)`.
    """

    values: Numbers
    lowest: float
    highest: float
    chosen: tuple[int, int]
    name: str
    tip: str
    scale: Scale = "diverging"
    texts: Sequence[Sequence[str]] | None = None
    written: Sequence[Sequence[str]] | None = None
    places: tuple[Places, Places] | None = None
    kind: str = "cells"


@dataclass(frozen=True)
class Bars:
    """Numbers as bars from zero, at 1, 2, 3 and so on, each in the colour of its sign.

    Attributes:
        values: the numbers.
        is_upright: whether they stand side by side, not one above another.
        name: what a bar is.
        tip: what is said of one, with {x} and {y} in it.
    """

    values: Numbers
    is_upright: bool
    name: str
    tip: str
    kind: str = "bars"


@dataclass(frozen=True)
class Line:
    """Points joined by a line.

    Attributes:
        x, y: where they are.
        colour: of the line.
        thickness: of the line, in pixels.
        name: in the legend.
        tip: what is said of a point, with {x} and {y} in it; of those of a line without a tip
            nothing, and they have no dots.
    """

    x: Numbers
    y: Numbers
    colour: Colour
    thickness: float
    name: str
    tip: str = ""
    kind: str = "line"


@dataclass(frozen=True)
class Spot:
    """One point.

    Attributes:
        x, y: where it is.
        shape, size, colour: how it looks; the size is its width in pixels.
        name: in the legend.
        tip: what is said of it, with {x} and {y} in it.
        is_labelled: whether its name is written over it, and not in the legend.
    """

    x: float
    y: float
    shape: Shape
    size: float
    colour: Colour
    name: str
    tip: str
    is_labelled: bool = False
    kind: str = "spot"


Mark = Cells | Bars | Line | Spot


@dataclass(frozen=True)
class Panel:
    """A part of a figure with axes of its own.

    Attributes:
        x, y: the names of its axes.
        across, down: the shares of the figure's width, and of its height from above, between which
            it stands.
        marks: what it shows, those in front last.
    """

    x: str
    y: str
    marks: Sequence[Mark]
    across: tuple[float, float] = (0.0, 1.0)
    down: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True)
class QuickFigure:
    """What is drawn.

    Attributes:
        axes: by their names.
        panels: the first of them is the one that the keys walk first.
        left, below: pixels beside the panels, for the numbers and titles of the axes.
        enlarged_as: as long as this stays the same, so does the part that a reader has enlarged.
        has_legend: whether the names of lines and spots stand above.
        has_scale: whether the colours of its cells are told beside them.
        scale_title: or above them, with the lowest number, the highest, and this behind.
    """

    axes: dict[str, Axis]
    panels: Sequence[Panel]
    left: int
    below: int
    enlarged_as: str
    has_legend: bool = False
    has_scale: bool = False
    scale_title: str = ""
