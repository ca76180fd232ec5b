"""Colours: legible, told apart by every kind of sight, and the same in Streamlit's own theme."""

from __future__ import annotations

import itertools
import tomllib
from pathlib import Path

import numpy as np
import pytest

from explorer import theme
from explorer.theme import CATEGORICAL, DARK, LIGHT, Palette, dark_for_light, mix, template

CONFIG = Path(theme.__file__).parent / ".streamlit" / "config.toml"
PALETTES = {"light": LIGHT, "dark": DARK}

# Simulation at full severity: Machado, Oliveira and Fernandes, 2009, "A physiologically-based
# model for simulation of color vision deficiency", table 1. Normal sight first.
SIGHTS = {
    "normal": np.eye(3),
    "protan": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deutan": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritan": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def linear(colour: str) -> np.ndarray:
    """Linear light of #RRGGBB."""
    channels = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(first: str, second: str) -> float:
    """WCAG 2's contrast ratio, between 1 and 21."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    darker, lighter = sorted(float(linear(colour) @ weights) for colour in (first, second))
    return (lighter + 0.05) / (darker + 0.05)


def seen(colour: str, sight: str) -> np.ndarray:
    """Where a colour lies in OKLab to one kind of sight."""
    light = np.clip(SIGHTS[sight] @ linear(colour), 0, 1)
    to_cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    to_lab = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return to_lab @ np.cbrt(to_cones @ light)


def test_contrast_agrees_with_the_values_that_wcag_gives() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
@pytest.mark.parametrize("role", ["text", "muted", "forward_text", "backward_text", "literal"])
def test_text_is_legible_on_ground_and_panel(palette: Palette, role: str) -> None:
    colour = getattr(palette, role)
    assert contrast(colour, palette.ground) >= 4.5
    assert contrast(colour, palette.panel) >= 4.5


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_lines_and_fills_stand_out_from_ground_and_panel(palette: Palette) -> None:
    for colour in (palette.forward, palette.backward, *CATEGORICAL):
        assert contrast(colour, palette.ground) >= 3


@pytest.mark.parametrize("sight", SIGHTS)
def test_categorical_colours_are_told_apart(sight: str) -> None:
    places = [seen(colour, sight) for colour in CATEGORICAL]
    assert len(places) >= 10
    for first, second in itertools.combinations(places, 2):
        assert np.linalg.norm(first - second) >= 0.07


@pytest.mark.parametrize("sight", SIGHTS)
def test_no_categorical_colour_is_taken_for_forward_or_backward(sight: str) -> None:
    least = 0.13 if sight == "normal" else 0.05
    for role in (LIGHT.forward, DARK.forward, LIGHT.backward, DARK.backward):
        for colour in CATEGORICAL:
            assert np.linalg.norm(seen(colour, sight) - seen(role, sight)) >= least


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_what_is_held_against_forward_is_told_from_it(palette: Palette, sight: str) -> None:
    apart = np.linalg.norm(seen(palette.beside, sight) - seen(palette.forward, sight))
    assert apart >= 0.12
    assert contrast(palette.beside, palette.ground) >= 4.5


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_text_stands_out_from_every_grey(palette: Palette) -> None:
    assert min(contrast(palette.text, grey) for grey in palette.sequential_neutral) >= 4.5


def test_mixing_is_even_to_the_eye() -> None:
    # Half of OKLab's lightness is linear light 0.5³, which sRGB writes as 99.
    assert mix("#FFFFFF", "#000000", 0.5) == "#636363"
    assert mix("#0072B2", "#FDFCF9", 0) == "#0072B2"
    assert mix("#0072B2", "#FDFCF9", 1) == "#FDFCF9"


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_scales_run_from_the_ground(palette: Palette) -> None:
    assert palette.sequential[0] == palette.ground
    assert palette.sequential[-1] == palette.diverging[-1] == palette.forward
    assert palette.diverging[0] == palette.backward
    assert palette.diverging[5] == palette.ground
    assert len(palette.sequential) == 10
    assert len(palette.diverging) == 11


def test_each_light_colour_has_one_dark_colour() -> None:
    pairs = dark_for_light()
    assert pairs[LIGHT.ground] == DARK.ground
    assert pairs[LIGHT.backward_text] == DARK.backward_text
    for light, dark in zip(LIGHT.sequential, DARK.sequential, strict=True):
        assert pairs[light] == dark
    for light, dark in zip(LIGHT.diverging, DARK.diverging, strict=True):
        assert pairs[light] == dark
    for light, dark in zip(LIGHT.sequential_beside, DARK.sequential_beside, strict=True):
        assert pairs[light] == dark
    for light, dark in zip(LIGHT.sequential_neutral, DARK.sequential_neutral, strict=True):
        assert pairs[light] == dark


@pytest.mark.parametrize(("name", "palette"), PALETTES.items())
def test_streamlit_has_the_same_colours(name: str, palette: Palette) -> None:
    configured = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["theme"][name]
    assert configured == {
        "primaryColor": palette.forward,
        "backgroundColor": palette.ground,
        "secondaryBackgroundColor": palette.panel,
        "textColor": palette.text,
        "linkColor": palette.forward_text,
        "borderColor": palette.line,
        "codeTextColor": palette.text,
        "codeBackgroundColor": palette.panel,
        "dataframeBorderColor": palette.line,
        "dataframeHeaderBackgroundColor": palette.panel,
        "dataframeHeaderTextColor": palette.muted,
        "blueColor": palette.forward,
        "blueTextColor": palette.forward_text,
        "orangeColor": palette.backward,
        "orangeTextColor": palette.backward_text,
        "grayTextColor": palette.muted,
        "chartCategoricalColors": list(CATEGORICAL),
        "chartSequentialColors": list(palette.sequential),
        # Streamlit wants exactly ten: all but the middle one, which is the ground.
        "chartDivergingColors": [*palette.diverging[:5], *palette.diverging[6:]],
    }


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_templates_take_their_colours_from_the_palette(palette: Palette) -> None:
    layout = template(palette).layout
    assert layout.font.color == palette.text
    assert layout.colorway == CATEGORICAL
    assert layout.colorscale.diverging[5] == (0.5, palette.ground)
    assert layout.colorscale.sequential[-1] == (1, palette.forward)


def test_templates_are_registered_by_name() -> None:
    import plotly.io

    theme.register_templates()
    assert plotly.io.templates["explorer-light"].layout.font.color == LIGHT.text
    assert plotly.io.templates["explorer-dark"].layout.font.color == DARK.text


def test_components_find_every_colour_as_a_css_variable() -> None:
    rule = theme.css_variables()
    assert "--gpt-forward-text: light-dark(#00659E, #6FC0EE);" in rule
    assert f"--gpt-categorical-9: {CATEGORICAL[9]};" in rule
