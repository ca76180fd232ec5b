"""What components that draw share: the page's colours for a canvas, pens, drawings as files, looks.

Each script is text to stand beside a component's own in its one module for the browser, and the
style stands before its own.
"""

from pathlib import Path

HERE = Path(__file__).parent

FIGURE_STYLE = (HERE / "figure.css").read_text(encoding="utf-8")
COLOURS_SCRIPT = (HERE / "colours.js").read_text(encoding="utf-8")
PENS_SCRIPT = (HERE / "pens.js").read_text(encoding="utf-8")
SAVING_SCRIPT = "\n".join(
    (HERE / f"{name}.js").read_text(encoding="utf-8") for name in ("saving", "fonts")
)
