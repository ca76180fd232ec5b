"""A run of the GPT in torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import takewhile

import torch

from gpt.corpus.corpus import Corpus
from gpt.corpus.tokenizer import CharTokenizer
from gpt.runs.arrays import Arrays, read_arrays
from gpt.runs.config import RunConfig, RunError
from gpt.runs.data import TokenStreams, encode_streams
from gpt.runs.run import Run, Which
from gpt.runs.settings import RecordingConfig
from gpt.runs.training import SAMPLE_SEED, SAMPLED_DOCUMENTS, SavedState
from gpt.tensor.batches import Batch, evaluation_batches, get_batch
from gpt.tensor.config import GPTConfig
from gpt.tensor.device import choose_device
from gpt.tensor.language_model import LanguageModel
from gpt.tensor.models import build_model
from gpt.tensor.report import Report
from gpt.tensor.sampling import generate
from gpt.tensor.training import Trainer
from gpt.tensor.training_config import TrainingConfig
from gpt.tensor.training_state import Controls, Progress, TrainingState
from gpt.tensor.weights import export_weights, import_weights

# As many windows are evaluated at once as keep memory near that of a training step.
EVALUATION_BATCH_SIZE = 64


class TensorTraining:
    """A `Trainer` on the corpus of a run."""

    def __init__(self, config: RunConfig, corpus: Corpus, origin: Arrays | None) -> None:
        model_config, training = tensor_configs(config)
        torch.set_num_threads(config.compute.threads)
        streams = encode_streams(corpus, config.tokenizer)
        if origin is None:
            drawn = torch.Generator().manual_seed(training.seed)
            model = build_model(model_config, drawn)
        else:
            model = build_model(model_config)
            import_weights(model, _as_tensors(origin))
        self._model = model.to(choose_device(config.compute.device))
        self._config = config
        self._trainer = Trainer(
            self._model,
            training,
            draw_batch=partial(
                get_batch,
                torch.tensor(streams.train),
                model_config.block_size,
                training.batch_size,
            ),
            evaluation=validation_batches(
                streams, model_config.block_size, training.evaluation_windows
            ),
        )

    @property
    def controls(self) -> Controls:
        return self._trainer.controls

    @property
    def progress(self) -> Progress:
        return self._trainer.progress

    def reports(self) -> Iterator[Report]:
        return self._trainer.run()

    def weights(self) -> Arrays:
        return {name: weight.numpy() for name, weight in export_weights(self._model).items()}

    def sample(self) -> str:
        generator = torch.Generator().manual_seed(SAMPLE_SEED)
        return write_sample(self._model, self._config.tokenizer, self._config.recording, generator)

    def export_state(self) -> SavedState:
        state = self._trainer.export_state()
        return SavedState({k: t.numpy() for k, t in state.tensors.items()}, state.values)

    def import_state(self, state: SavedState) -> None:
        self._trainer.import_state(TrainingState(_as_tensors(state.arrays), state.values))


def load_model(run: Run, which: Which = "last") -> LanguageModel:
    """The model of a run as it was at a checkpoint, on the CPU and ready to be asked.

    Raises RunError if there is no such checkpoint, or it is not a model of this run.
    """
    model_config, _ = tensor_configs(run.config())
    path = run.checkpoint(which).path
    model = build_model(model_config)
    try:
        import_weights(model, _as_tensors(read_arrays(path).arrays))
    except ValueError as error:
        raise RunError(f"{path.name}: {error}") from None
    return model.eval()


def tensor_configs(config: RunConfig) -> tuple[GPTConfig, TrainingConfig]:
    """Model and training of a tensor run. Raises RunError for one of plain numbers."""
    if not isinstance(config.model, GPTConfig) or not isinstance(config.training, TrainingConfig):
        raise RunError(f"{config.title} is a GPT made of plain numbers, not of tensors.")
    return config.model, config.training


def validation_batches(
    streams: TokenStreams, block_size: int, windows: int | None = None
) -> list[Batch]:
    """The held-out text in windows, at most that many; None for all that fit."""
    data = torch.tensor(streams.validation)
    most = max(1, len(data)) if windows is None else windows
    return evaluation_batches(data, block_size, EVALUATION_BATCH_SIZE, most)


def write_sample(
    model: LanguageModel,
    tokenizer: CharTokenizer,
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
        temperature=recording.sample_temperature,
    )
    ended = (list(takewhile(lambda token: token != bos, ids)) for ids in texts[:, 1:].tolist())
    return "\n".join(map(tokenizer.decode, ended))


def _as_tensors(arrays: Mapping[str, object]) -> dict[str, torch.Tensor]:
    return {name: torch.as_tensor(array) for name, array in arrays.items()}
