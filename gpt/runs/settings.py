"""The settings of a run that are not those of the tensor GPT: see `gpt.tensor` for its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gpt.scalar.model import Config
from gpt.tensor.settings import Settings, limited

TokenizerKind = Literal["characters", "bpe"]


@dataclass(frozen=True)
class TokenizerSettings(Settings):
    """How a text is cut into tokens.

    Attributes:
        tokenizer: a token a character; or bpe, byte-pair encoding, for the commonest pairs too.
        vocab_size: how many tokens bpe may have, BOS included; characters are as many as they are.
    """

    tokenizer: TokenizerKind = "characters"
    vocab_size: int = limited(512, at_least=1, below=100_001)


@dataclass(frozen=True)
class ScalarConfig(Config, Settings):
    """The shape of a GPT made of plain numbers. Defaults are MicroGPT's.

    Attributes:
        vocab_size: number of different tokens, V.
        n_layer: number of blocks.
        n_embd: channels of the residual stream, C.
        block_size: the longest context, in tokens; longer documents are learnt to there.
        n_head: attention heads per block, H; each has n_embd / n_head channels.
    """

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        Config.__post_init__(self)

    def parameter_count(self) -> int:
        """How many numbers the model learns, without building it."""
        return sum(rows * columns for rows, columns in self.matrix_shapes().values())


@dataclass(frozen=True)
class ScalarTrainingConfig(Settings):
    """How a GPT made of plain numbers is trained: one document a step. Defaults are MicroGPT's.

    Attributes:
        steps: number of optimiser updates.
        seed: of the order of the documents and of the weights.
        learning_rate: that of the first step; it falls in a straight line to 0.
        beta1: Adam's memory of gradients.
        beta2: Adam's memory of squared gradients.
        evaluation_interval: steps between validation losses.
        evaluation_documents: how many of the held-out documents a validation loss reads.
        inspection_interval: steps between histograms and update ratios; None for never.
    """

    steps: int = limited(1000, at_least=1)
    seed: int = limited(42, at_least=0, below=2**32)
    learning_rate: float = limited(0.01, at_least=0)
    beta1: float = limited(0.85, at_least=0, below=1)
    beta2: float = limited(0.99, at_least=0, below=1)
    evaluation_interval: int = limited(100, at_least=1)
    evaluation_documents: int = limited(100, at_least=1)
    inspection_interval: int | None = limited(50, at_least=1)


@dataclass(frozen=True)
class RecordingConfig(Settings):
    """What a run keeps besides a line for every step.

    Attributes:
        checkpoints: how often over the run the weights are kept, densely at first.
        sample_interval: steps between texts that the model writes; None for never.
        sample_tokens: length of such a text, in tokens; of documents, the longest of each.
        sample_temperature: below 1 its likely tokens get likelier.
        save_interval: seconds between saves of the state from which a killed run goes on.
    """

    checkpoints: int = limited(20, at_least=2, below=1001)
    sample_interval: int | None = limited(100, at_least=1)
    sample_tokens: int = limited(200, at_least=1, below=100_001)
    sample_temperature: float = limited(0.8, at_least=0.01)
    save_interval: float = limited(5.0, at_least=0)


@dataclass(frozen=True)
class ComputeConfig(Settings):
    """Where and how wide a run computes; the scalar GPT has no use for either.

    Attributes:
        device: cpu, cuda, mps, or auto for the fastest there is.
        threads: processor cores that torch may use. With one, the interface beside it stays quick;
            the last bits of the losses may depend on it.
    """

    device: str = "auto"
    threads: int = limited(1, at_least=1, below=1025)
