"""What takes seconds to find out about a text or a model, measured beside the page."""

from __future__ import annotations

import json
from concurrent.futures import Future

from explorer.background import Background, Outcome, outcome
from gpt.corpus.corpus import Corpus
from gpt.corpus.tokenizer import CharTokenizer
from gpt.runs.config import RunConfig
from gpt.runs.pace import Pace, measure_pace
from gpt.runs.run import Run
from gpt.runs.text_measure import TextMeasure, measure_text

PATIENCE_SECONDS = 30.0

# Apart, so that nobody's curve waits for its baselines until a model has been timed.
_texts, _paces = Background(), Background()


def ask_text(config: RunConfig, source: Corpus | Run) -> Future[TextMeasure]:
    """The measure of the text of a configuration, now or later; `source` is where to get it."""

    def measure() -> TextMeasure:
        corpus = source.corpus() if isinstance(source, Run) else source
        return measure_text(corpus, config.tokenizer)

    return _texts.ask(("text", config.corpus.sha256, config.tokenizer), measure)


def characters_per_token(config: RunConfig, source: Corpus | Run) -> Outcome:
    """From nats per token to bits per character, as far as it is known by now.

    Of running text cut into characters it is 1, whether the text is here or not.
    """
    if config.corpus.kind == "text" and isinstance(config.tokenizer, CharTokenizer):
        return Outcome(1.0, None)
    text = outcome(ask_text(config, source))
    return Outcome(text.value and text.value.characters_per_token, text.reason)


def ask_pace(config: RunConfig, corpus: Corpus, *, gives_way: bool = True) -> Future[Pace]:
    """How fast this machine trains a configuration, now or later.

    What gives way is no longer measured when the next is asked for before its turn has come.
    """
    return _paces.ask(
        _pace_key(config),
        lambda: measure_pace(config, corpus, patience=PATIENCE_SECONDS),
        only_newest_of="pace" if gives_way else None,
    )


def forget_pace(config: RunConfig) -> None:
    """Let it be measured anew, for the machine was busy."""
    _paces.forget(_pace_key(config))


def _pace_key(config: RunConfig) -> tuple[str, str]:
    batch_size = getattr(config.training, "batch_size", 1)
    what = [config.model.to_dict(), batch_size, config.compute.to_dict()]
    return "pace", json.dumps(what)
