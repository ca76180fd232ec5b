"""A run of the GPT in torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch

from gpt.corpus.corpus import Corpus
from gpt.corpus.tasks import TASKS
from gpt.runs.arrays import Arrays, read_arrays
from gpt.runs.config import RunConfig, RunError
from gpt.runs.run import Run, Which
from gpt.runs.tensor_data import read_data
from gpt.runs.tensor_samples import write_answers, write_sample
from gpt.runs.training import SAMPLE_SEED, SavedState
from gpt.tensor.config import GPTConfig
from gpt.tensor.device import choose_device
from gpt.tensor.distributed import ALONE, Workers
from gpt.tensor.language_model import LanguageModel
from gpt.tensor.models import build_model
from gpt.tensor.report import Report
from gpt.tensor.training import Trainer
from gpt.tensor.training_config import TrainingConfig
from gpt.tensor.training_state import Controls, Progress, TrainingState
from gpt.tensor.weights import export_weights, import_weights


class TensorTraining:
    """A `Trainer` on the corpus of a run; of several workers, each has one."""

    def __init__(
        self,
        config: RunConfig,
        corpus: Corpus,
        origin: Arrays | None,
        workers: Workers = ALONE,
    ) -> None:
        model_config, training = tensor_configs(config)
        torch.set_num_threads(config.compute.threads)
        data = read_data(corpus, config.tokenizer, model_config.block_size, training)
        if origin is None:
            drawn = torch.Generator().manual_seed(training.seed)
            model = build_model(model_config, drawn)
        else:
            model = build_model(model_config)
            import_weights(model, _as_tensors(origin))
        self._model = model.to(workers.own_device(choose_device(config.compute.device)))
        self._config = config
        self._task = TASKS[corpus.task] if corpus.task else None
        self._trainer = Trainer(
            self._model,
            training,
            draw_batch=data.draw_batch,
            evaluation=data.evaluation,
            has_answers=corpus.task is not None,
            workers=workers,
        )
        self._prompts = data.prompts

    @property
    def controls(self) -> Controls:
        return self._trainer.controls

    @property
    def progress(self) -> Progress:
        return self._trainer.progress

    def reports(self) -> Iterator[Report]:
        with self._trainer.workers.watched():
            yield from self._trainer.run()

    def weights(self) -> Arrays:
        return {name: weight.numpy() for name, weight in export_weights(self._model).items()}

    def sample(self) -> str:
        generator = torch.Generator().manual_seed(SAMPLE_SEED)
        tokenizer, recording = self._config.tokenizer, self._config.recording
        if self._task:
            return write_answers(
                self._model, tokenizer, self._task, self._prompts, recording, generator
            )
        return write_sample(self._model, tokenizer, recording, generator)

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


def _as_tensors(arrays: Mapping[str, object]) -> dict[str, torch.Tensor]:
    return {name: torch.as_tensor(array) for name, array in arrays.items()}
