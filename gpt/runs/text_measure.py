"""What a text asks of a model: the losses that can be had without a GPT, by their names."""

from __future__ import annotations

from dataclasses import dataclass

from gpt.corpus.baselines import uniform_loss
from gpt.corpus.corpus import Corpus
from gpt.corpus.tasks import TASKS
from gpt.corpus.tokenizer import CharTokenizer, Tokenizer
from gpt.runs.data import baselines_of, encode_examples, encode_streams


@dataclass(frozen=True)
class Baseline:
    """A loss that can be had without a GPT, in nats per token, and its name."""

    label: str
    loss: float


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
