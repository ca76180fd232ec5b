"""What a model wrote at every checkpoint, under one slider that also plays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from explorer.components import scrubber
from explorer.components.serving import served_component

HERE = Path(__file__).parent


def text_film(
    steps: Sequence[int],
    texts: Sequence[str],
    losses: tuple[Sequence[int], Sequence[float]],
    *,
    given: str,
    key: str,
) -> None:
    """Show the texts, one for each step; all is sent at once, and moving sends nothing.

    Args:
        steps: of the checkpoints.
        texts: what each wrote.
        losses: steps and values of the validation loss over the run.
        given: the prompt, before every text.
        key: what Streamlit calls it.
    """
    data = {
        "steps": list(steps),
        "texts": list(texts),
        "losses": {"steps": list(losses[0]), "values": list(losses[1])},
        "given": given,
    }
    _component()(key=key, data=data)


@cache
def _component() -> Callable[..., Any]:
    script = (HERE / "text_film.js").read_text(encoding="utf-8")
    style = (HERE / "text_film.css").read_text(encoding="utf-8")
    markup = (HERE / "text_film.html").read_text(encoding="utf-8")
    return served_component(
        "gpt_explorer_text_film",
        html=scrubber.with_scrubber(markup),
        css="\n".join([style, scrubber.STYLE]),
        js="\n".join([script, scrubber.SCRIPT]),
    )
