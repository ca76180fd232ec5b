"""What takes seconds to find out about a text or a model, measured beside the page."""

from __future__ import annotations

import json
from concurrent.futures import Future
from dataclasses import dataclass

from explorer.background import Background
from explorer.charts.training import Baseline
from gpt.corpus.baselines import uniform_loss
from gpt.corpus.corpus import Corpus
from gpt.corpus.tasks import TASKS
from gpt.corpus.tokenizer import CharTokenizer, Tokenizer
from gpt.runs.config import RunConfig
from gpt.runs.data import baselines_of, encode_examples, encode_streams
from gpt.runs.pace import Pace, measure_pace
from gpt.runs.run import Run

PATIENCE_SECONDS = 30.0

# Apart, so that nobody's curve waits for its baselines until a model has been timed.
_texts, _paces = Background(), Background()


@dataclass(frozen=True)
class TextMeasure:
    """What a text asks of a model.

    Attributes:
        baselines: losses to set a model's beside, from the plainest. Of text, what can be had by
            guessing and, where some is held out to test it on, by counting; of a task, by guessing
            and by knowing its rule.
        characters_per_token: from nats per token to bits per character.
    """

    baselines: tuple[Baseline, ...]
    characters_per_token: float


def measure_text(corpus: Corpus, tokenizer: Tokenizer) -> TextMeasure:
    """Counts tokens and pairs of the part to learn from, and tests both on the part held out.

    Of a task nothing is counted: its best possible losses follow from how it is drawn.
    """
    guessing = Baseline("guessing", uniform_loss(tokenizer.vocab_size))
    if corpus.task:
        task = TASKS[corpus.task]
        floor = Baseline("the best possible", task.floor)
        blind = task.blind_floor
        known = [] if blind is None else [Baseline("without looking back", blind)]
        factor = encode_examples(corpus, tokenizer).characters_per_token
        return TextMeasure((guessing, *known, floor), factor)
    streams = encode_streams(corpus, tokenizer)
    counted = baselines_of(streams, tokenizer.vocab_size)
    tokens = "letters" if isinstance(tokenizer, CharTokenizer) else "tokens"
    known = (
        [
            Baseline(f"counting {tokens}", counted.unigram),
            Baseline("counting pairs", counted.bigram),
        ]
        if counted
        else []
    )
    return TextMeasure((guessing, *known), streams.characters_per_token)


def ask_text(config: RunConfig, source: Corpus | Run) -> Future[TextMeasure]:
    """The measure of the text of a configuration, now or later; `source` is where to get it."""

    def measure() -> TextMeasure:
        corpus = source.corpus() if isinstance(source, Run) else source
        return measure_text(corpus, config.tokenizer)

    return _texts.ask(("text", config.corpus.sha256, config.tokenizer), measure)


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
