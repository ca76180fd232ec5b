"""Scripts that components share: the page's colours for a canvas, pens, and drawings as files.

Each is text to stand beside a component's own scripts in its one module for the browser.
"""

from pathlib import Path

HERE = Path(__file__).parent

COLOURS_SCRIPT = (HERE / "colours.js").read_text(encoding="utf-8")
PENS_SCRIPT = (HERE / "pens.js").read_text(encoding="utf-8")
SAVING_SCRIPT = "\n".join(
    (HERE / f"{name}.js").read_text(encoding="utf-8") for name in ("saving", "fonts")
)
