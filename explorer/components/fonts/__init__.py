"""The page's fonts for a picture that is saved, which else has only those of the machine."""

from pathlib import Path

FONTS_SCRIPT = (Path(__file__).parent / "fonts.js").read_text(encoding="utf-8")
