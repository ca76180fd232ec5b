"""The slider over a run's checkpoints, as a part of the components that show one of them."""

from pathlib import Path

HERE = Path(__file__).parent
PLACE = "<!-- scrubber -->"  # where it stands in a component's markup

SCRIPT = (HERE / "scrubber.js").read_text(encoding="utf-8")
STYLE = (HERE / "scrubber.css").read_text(encoding="utf-8")
MARKUP = (HERE / "scrubber.html").read_text(encoding="utf-8")


def with_scrubber(markup: str) -> str:
    """A component's markup with the slider in its place."""
    assert PLACE in markup
    return markup.replace(PLACE, MARKUP)
