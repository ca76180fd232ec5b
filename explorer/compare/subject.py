"""What the Compare page holds against each other: two checkpoints, one text, one seed."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.attention.reading import NOTHING_OFF, read
from explorer.downloads import name_file
from explorer.run_choice import answer_start
from gpt.lens.opening import OpenedModel
from gpt.lens.trace import Trace
from gpt.runs.comparison import is_same_but_seed, is_same_but_steps
from gpt.runs.library import Summary
from gpt.runs.run import Run


@dataclass(frozen=True)
class Side:
    """A run at a checkpoint, which has read the text.

    Attributes:
        summary: the run.
        title: of the run, told from others.
        step: of the checkpoint.
        opened: its model.
        ids, texts: the tokens of the text, as this model reads it; none where it cannot.
        n_cropped: how many tokens at the beginning of the text are left out.
    """

    summary: Summary
    title: str
    step: int
    opened: OpenedModel
    ids: tuple[int, ...]
    texts: tuple[str, ...]
    n_cropped: int = 0

    @property
    def run(self) -> Run:
        return self.summary.run

    def trace(self) -> Trace:
        """Every activation on the text, the same for all parts of the page."""
        if self.has_heads:
            return read(self.run, self.step, self.ids, NOTHING_OFF).trace
        return self.opened.trace(self.ids)

    @property
    def answer_start(self) -> int:
        """Which token is asked for first."""
        return answer_start(self.summary, self.texts)

    @property
    def prompt(self) -> str:
        """From where this side writes on: the text, or of a task what stands before the answer."""
        start = self.answer_start
        return "".join(self.texts[: start if start > 1 else None])

    @property
    def asked_text(self) -> str:
        """The characters whose surprise is the loss on the text."""
        return self.opened.tokenizer.decode(self.ids[self.answer_start :])

    @property
    def has_heads(self) -> bool:
        return self.opened.model.config.n_blocks > 0

    @property
    def is_from_outside(self) -> bool:
        return self.summary.config.is_from_outside

    @property
    def has_begin(self) -> bool:
        """Whether the first that it reads is the mark of the beginning."""
        return bool(self.ids) and self.ids[0] == self.opened.tokenizer.bos


@dataclass(frozen=True)
class Subject:
    """Two sides that are held against each other.

    Attributes:
        first, second: A and B.
        among: all runs there are, for what luck can do.
        text: that both have read, or were to read.
        seed: from which both write.
        unread: why one of them cannot read the text; None where both have.
    """

    first: Side
    second: Side
    among: tuple[Summary, ...]
    text: str
    seed: int
    unread: str | None = None

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.first, self.second

    @property
    def is_one_run(self) -> bool:
        return self.first.run == self.second.run

    @property
    def has_one_text(self) -> bool:
        """Whether both cut the text into the same tokens, so that place by place can be told."""
        return self.first.texts == self.second.texts

    @property
    def are_seeds_of_one(self) -> bool:
        """Whether nothing but the seed parts them: one configuration, after as many steps."""
        return (
            not self.is_one_run
            and self.first.step == self.second.step
            and is_same_but_seed(self.first.summary, self.second.summary)
        )

    @property
    def differ_by_steps(self) -> bool:
        """Whether two runs share even the seed, and all but how many steps there are."""
        first, second = (side.summary for side in self.sides)
        return not self.is_one_run and is_same_but_steps(first, second)

    @property
    def has_one_corpus(self) -> bool:
        """Whether both have learnt, and are tested on, the same text."""
        configs = [side.summary.config for side in self.sides]
        is_known = not any(config.is_from_outside for config in configs)
        return is_known and configs[0].corpus.sha256 == configs[1].corpus.sha256

    @property
    def has_one_vocabulary(self) -> bool:
        """Whether the same ids mean the same."""
        return self.first.opened.tokenizer == self.second.opened.tokenizer

    @property
    def titles(self) -> tuple[str, str]:
        """What to call each side."""
        first, second = (
            f"{side.title}, {'as adopted' if side.is_from_outside else f'step {side.step:,}'}"
            for side in self.sides
        )
        return f"A: {first}", f"B: {second}"

    def filename(self, what: str) -> str:
        """What a file about both is called, without its ending."""
        first, second = (name_file(side.run.name, side.step, "") for side in self.sides)
        return f"{first}against-{second}{what.replace(' ', '-')}"
