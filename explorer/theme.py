"""The one source of colours and type, for figures, components and Streamlit's own theme.

Forward is blue (data, activations, attention, probabilities), backward is orange (gradients,
updates, and what is selected). Figures are drawn in the colours of ``LIGHT``; where the page is
dark, the plot component puts the colours of ``DARK`` in their place (see ``dark_for_light``), so
that a figure never has to know which theme is on and follows a switch at once. Components read
the same colours as CSS variables: ``var(--gpt-forward)``, ``var(--gpt-backward-text)`` and so on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # plotly is imported by the pages that draw, not by those that only read colours
    import plotly.graph_objects as go

SANS = '"Source Sans", sans-serif'
SERIF = '"Source Serif", serif'
MONO = '"Source Code Pro", monospace'

# For heads and runs, in both themes. Found by search in OKLab: at least 0.07 apart from one another
# (0.02 is just noticeable) and from forward and backward, to normal sight and to simulated protan,
# deutan and tritan sight, with a contrast of 3 to either ground. The first few differ most.
CATEGORICAL = (
    "#409E92",
    "#CC206F",
    "#B56EFF",
    "#608A05",
    "#3F6E5D",
    "#9147D6",
    "#F05F83",
    "#656824",
    "#CB64C9",
    "#B1409C",
)


@dataclass(frozen=True)
class Palette:
    """The colours of one theme, as ``#RRGGBB``, named by what they mean.

    ``forward`` and ``backward`` are for lines and fills; text in these colours takes
    ``forward_text`` and ``backward_text``, which pass 4.5:1 on ground and panel. ``beside`` is what
    is held against forward, told apart from it by every kind of sight. ``masked`` is
    what a causal mask forbids; ``literal`` is for strings and numbers in program text. For a
    translucent shade append two hexadecimal digits.
    """

    ground: str
    panel: str
    line: str
    text: str
    muted: str
    forward: str
    forward_text: str
    backward: str
    backward_text: str
    beside: str
    masked: str
    literal: str

    @property
    def sequential(self) -> tuple[str, ...]:
        """Ten colours from nothing (the ground) to much (forward)."""
        return self._shades(self.forward)

    @property
    def sequential_beside(self) -> tuple[str, ...]:
        """The same of what is held against forward."""
        return self._shades(self.beside)

    @property
    def sequential_neutral(self) -> tuple[str, ...]:
        """Ten greys, of what belongs to neither side, on all of which text stands out."""
        return self._shades(mix(self.ground, self.muted, 0.6))

    def _shades(self, colour: str) -> tuple[str, ...]:
        return tuple(mix(self.ground, colour, step / 9) for step in range(10))

    @property
    def diverging(self) -> tuple[str, ...]:
        """Eleven colours from negative (backward) through zero (the ground) to forward."""
        return (
            *(mix(self.backward, self.ground, step / 5) for step in range(5)),
            *(mix(self.ground, self.forward, step / 5) for step in range(6)),
        )

    @property
    def diverging_sides(self) -> tuple[str, ...]:
        """Eleven colours from forward through the ground to what is held against it."""
        return (
            *(mix(self.forward, self.ground, step / 5) for step in range(5)),
            *(mix(self.ground, self.beside, step / 5) for step in range(6)),
        )


LIGHT = Palette(
    ground="#FDFCF9",
    panel="#F4F1EA",
    line="#E2DDD2",
    text="#1D2129",
    muted="#676459",
    forward="#0072B2",
    forward_text="#00659E",
    backward="#D55E00",
    backward_text="#A84600",
    beside="#C4266B",
    masked="#DDD8CD",
    literal="#2C6A5C",
)
DARK = Palette(
    ground="#14171C",
    panel="#1C2027",
    line="#2E343D",
    text="#E8E6E1",
    muted="#A3A097",
    forward="#56B4E9",
    forward_text="#6FC0EE",
    backward="#D55E00",
    backward_text="#FF9A5C",
    beside="#F2719A",
    masked="#343A44",
    literal="#7FC4B3",
)


def mix(start: str, end: str, share: float) -> str:
    """The colour ``share`` of the way from ``start`` to ``end``, in even steps to the eye.

    Mixed in OKLab (Björn Ottosson, 2020, "A perceptual color space for image processing").
    """
    pairs = zip(_oklab(start), _oklab(end), strict=True)
    lightness, a, b = (first + share * (last - first) for first, last in pairs)
    l_root = lightness + 0.3963377774 * a + 0.2158037573 * b
    m_root = lightness - 0.1055613458 * a - 0.0638541728 * b
    s_root = lightness - 0.0894841775 * a - 1.2914855480 * b
    long, medium, short = l_root**3, m_root**3, s_root**3
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    return "#" + "".join(f"{_encoded(channel):02X}" for channel in linear)


def dark_for_light() -> dict[str, str]:
    """Which colour of ``DARK`` stands where a figure has a colour of ``LIGHT``."""
    names = [field.name for field in fields(Palette)]
    pairs = {getattr(LIGHT, name): getattr(DARK, name) for name in names}
    for light, dark in (
        *zip(LIGHT.sequential, DARK.sequential, strict=True),
        *zip(LIGHT.diverging, DARK.diverging, strict=True),
        *zip(LIGHT.sequential_beside, DARK.sequential_beside, strict=True),
        *zip(LIGHT.sequential_neutral, DARK.sequential_neutral, strict=True),
    ):
        pairs.setdefault(light, dark)
    return pairs


def css_variables() -> str:
    """A ``:root`` rule with each colour as ``--gpt-name``, which follows the page's theme.

    ``light-dark()`` asks the ``color-scheme`` that Streamlit sets, so no rerun is needed.
    """
    lines = [
        f"--gpt-{field.name.replace('_', '-')}:"
        f" light-dark({getattr(LIGHT, field.name)}, {getattr(DARK, field.name)});"
        for field in fields(Palette)
    ]
    lines += [f"--gpt-categorical-{index}: {hue};" for index, hue in enumerate(CATEGORICAL)]
    lines += [f"--gpt-sans: {SANS};", f"--gpt-serif: {SERIF};", f"--gpt-mono: {MONO};"]
    return ":root {\n  " + "\n  ".join(lines) + "\n}\n"


def colour_scale(colours: Sequence[str]) -> list[tuple[float, str]]:
    """Colours evenly spaced, as Plotly takes them."""
    return [(index / (len(colours) - 1), colour) for index, colour in enumerate(colours)]


@cache
def template(palette: Palette) -> go.layout.Template:
    """What every figure looks like unless it says otherwise, in the colours of one theme."""
    import plotly.graph_objects as go

    sequential, diverging = map(colour_scale, (palette.sequential, palette.diverging))
    numbers = {"family": MONO, "size": 12, "color": palette.muted}
    words = {"family": SANS, "size": 13, "color": palette.muted}
    colorbar = {
        "thickness": 8,
        "outlinewidth": 0,
        "ticklen": 3,
        "tickcolor": palette.line,
        "tickfont": numbers,
        "title": {"font": words, "side": "right"},
    }
    axis = {
        "automargin": True,
        # Plotly would lay out every label once more, at each change, to hide those too long.
        "ticklabeloverflow": "allow",
        "gridcolor": mix(palette.ground, palette.line, 0.6),
        "gridwidth": 1,
        "linecolor": palette.line,
        "showline": True,
        "zeroline": False,
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": palette.line,
        "tickfont": numbers,
        "title": {"font": words, "standoff": 10},
    }
    cells = {"colorscale": sequential, "colorbar": colorbar, "xgap": 1, "ygap": 1}
    layout = {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": SANS, "size": 14, "color": palette.text},
        "title": {"font": {"family": SERIF, "size": 20}, "x": 0, "xanchor": "left"},
        "colorway": CATEGORICAL,
        "colorscale": {
            "sequential": sequential,
            "sequentialminus": sequential[::-1],
            "diverging": diverging,
        },
        "coloraxis": {"colorbar": colorbar},
        "xaxis": axis,
        "yaxis": axis,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": words},
        "hoverlabel": {
            "bgcolor": palette.panel,
            "bordercolor": palette.line,
            "align": "left",
            "font": {"family": MONO, "size": 13, "color": palette.text},
        },
        "hovermode": "closest",
        # 36 px above, so that the export buttons cover nothing.
        "margin": {"l": 48, "r": 16, "t": 36, "b": 44},
    }
    return go.layout.Template(
        layout=layout,
        data={"heatmap": [cells], "contour": [{"colorscale": sequential, "colorbar": colorbar}]},
    )


def register_templates() -> None:
    """Make both templates known to Plotly as ``explorer-light`` and ``explorer-dark``."""
    import plotly.io

    plotly.io.templates["explorer-light"] = template(LIGHT)
    plotly.io.templates["explorer-dark"] = template(DARK)


def _linear(colour: str) -> tuple[float, float, float]:
    """Red, green and blue of ``#RRGGBB`` as linear light between 0 and 1 (IEC 61966-2-1)."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))

    def decoded(channel: float) -> float:
        return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4

    return decoded(red), decoded(green), decoded(blue)


def _encoded(linear: float) -> int:
    """A linear channel as an sRGB byte."""
    linear = min(max(linear, 0.0), 1.0)
    channel = 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
    return round(255 * channel)


def _oklab(colour: str) -> tuple[float, float, float]:
    """Lightness and the two colour axes of OKLab."""
    red, green, blue = _linear(colour)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )
