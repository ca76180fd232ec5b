"""What a tensor model writes: a text of its own, or its answers to the prompts of a task."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

import torch

from gpt.corpus.tasks.task import SEPARATOR, Example, Task
from gpt.corpus.tokenizer import Tokenizer
from gpt.runs.settings import RecordingConfig
from gpt.runs.training import SAMPLED_DOCUMENTS
from gpt.tensor.filters import SamplingConfig
from gpt.tensor.language_model import LanguageModel
from gpt.tensor.sampling import generate


def write_sample(
    model: LanguageModel,
    tokenizer: Tokenizer,
    recording: RecordingConfig,
    generator: torch.Generator,
) -> str:
    """A text by the model as it is: some documents, one a line, or running text.

    Running text follows token 0, as in the lecture, where that is a line break. A document follows
    BOS; where it is longer than the block it is cut there.
    """
    bos = tokenizer.bos
    count = 1 if bos is None else SAMPLED_DOCUMENTS
    length = recording.sample_tokens
    texts = generate(
        model,
        torch.full((count, 1), bos or 0),
        length if bos is None else min(length, model.config.block_size),
        generator=generator,
        config=SamplingConfig(temperature=recording.sample_temperature),
    )
    ended = (list(takewhile(lambda token: token != bos, ids)) for ids in texts[:, 1:].tolist())
    return "\n".join(map(tokenizer.decode, ended))


def write_answers(
    model: LanguageModel,
    tokenizer: Tokenizer,
    task: Task,
    prompts: Sequence[str],
    recording: RecordingConfig,
    generator: torch.Generator,
) -> str:
    """The model's answer to each of the prompts, one a line, with ✓ where it is right, else ✗.

    An answer that has not ended where the block does is cut there, and wrong.
    """
    lines = []
    for prompt in prompts:
        asked = [tokenizer.bos, *tokenizer.encode(prompt + SEPARATOR)]
        room = model.config.block_size - len(asked) + 1
        text = generate(
            model,
            torch.tensor([asked]),
            min(recording.sample_tokens, room),
            generator=generator,
            config=SamplingConfig(temperature=recording.sample_temperature),
        )
        answer = text[0, len(asked) :].tolist()
        has_ended = tokenizer.bos in answer
        written = tokenizer.decode(list(takewhile(lambda token: token != tokenizer.bos, answer)))
        example = Example(prompt, written)
        is_right = has_ended and task.is_right(example)
        lines.append(f"{example.document}{'' if has_ended else '…'} {'✓' if is_right else '✗'}")
    return "\n".join(lines)
