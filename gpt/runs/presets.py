"""Where to start from: every preset by name, and from a preset and a corpus to a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from gpt.corpus.catalogue import CATALOGUE, load_corpus
from gpt.corpus.corpus import Corpus
from gpt.corpus.tasks import TASKS
from gpt.corpus.tasks.task import Task
from gpt.corpus.text import CorpusError
from gpt.corpus.tokenizer import CharTokenizer, Tokenizer
from gpt.runs.config import (
    MODEL_CONFIGS,
    TITLE_LENGTH,
    TRAINING_CONFIGS,
    AnyTrainingConfig,
    Origin,
    RunConfig,
    RunError,
    RunKind,
    checked_title,
    current_versions,
    now,
    reference_to,
)
from gpt.runs.data import make_tokenizer
from gpt.runs.settings import (
    ComputeConfig,
    RecordingConfig,
    ScalarTrainingConfig,
    TokenizerSettings,
)
from gpt.tensor.presets import PRESETS as TENSOR_PRESETS
from gpt.tensor.settings import Settings
from gpt.tensor.training_config import TrainingConfig


@dataclass(frozen=True)
class Preset:
    """A model, how to train it and on what.

    Attributes:
        name: what `--preset` calls it.
        title: what it is, in a line.
        kind: what the model is made of.
        corpus: the name of the text it is meant for.
        model_settings: those of the model, but for the vocabulary's size, which the text decides.
        training: how it is trained.
    """

    name: str
    title: str
    kind: RunKind
    corpus: str
    model_settings: Mapping[str, Any]
    training: AnyTrainingConfig


# Two layers, the fewest in which an induction head can form. With embeddings that are large from
# the start, and free of the last layer, heads find one another in a tenth of the steps.
TASK_MODEL = {
    "n_layer": 2,
    "n_head": 4,
    "n_embd": 64,
    "weight_tying": False,
    "initialisation": "torch",
}

TASK_STEPS = {
    "copy": 400,
    "reverse": 500,
    "sort": 800,
    "add": 2500,
    "brackets": 800,
    "grammar": 500,
}


def _task_preset(task: Task) -> Preset:
    training = TrainingConfig(
        steps=TASK_STEPS[task.name],
        batch_size=64,
        learning_rate=4e-3,
        warmup_steps=50,
        minimum_learning_rate=4e-4,
        evaluation_interval=50,
        evaluation_windows=500,
    )
    title = f"A small GPT, to {task.title.lower()}"
    return Preset(task.name, title, "tensor", task.name, TASK_MODEL, training)


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        *(
            Preset(p.name, p.title, "tensor", p.corpus, p.model_settings, p.training)
            for p in TENSOR_PRESETS.values()
        ),
        Preset(
            "microgpt",
            "MicroGPT: a GPT made of plain numbers",
            "scalar",
            "names",
            {},
            ScalarTrainingConfig(),
        ),
        *map(_task_preset, TASKS.values()),
    )
}

DEFAULT_PRESET = "gpt-small"


def find_preset(name: str) -> Preset:
    """The preset of that name. Raises RunError if there is none."""
    if name not in PRESETS:
        raise RunError(f"There is no preset {name}; there are {', '.join(PRESETS)}.")
    return PRESETS[name]


def sections(kind: RunKind) -> dict[str, type[Settings]]:
    """The groups of settings of a run. No name of a setting occurs in two of them.

    But for vocab_size: that of the model is the tokenizer's, and cannot be set.
    """
    return {
        "tokenizer": TokenizerSettings,
        "model": MODEL_CONFIGS[kind],
        "training": TRAINING_CONFIGS[kind],
        "recording": RecordingConfig,
        "compute": ComputeConfig,
    }


def configure(
    preset: Preset,
    corpus: Corpus,
    changes: Mapping[str, Any] | None = None,
    *,
    title: str | None = None,
    origin: tuple[Origin, RunConfig] | None = None,
) -> RunConfig:
    """The configuration of a run on that corpus, with some settings changed, by their names.

    Settings that follow others do so unless they are given: the warm-up takes at most a tenth of
    the steps, the least learning rate is at most a tenth of the peak, a sample is written with each
    validation loss, and the block holds the longest example of a task. With an origin the model and
    the tokenizer are that run's.

    Raises:
        ValueError: a setting does not exist or is impossible.
        RunError: the model cannot learn from this corpus.
    """
    changes = dict(changes or {})
    if origin:
        _check_origin(preset, origin[1])
    by_section = _sorted_into_sections(preset.kind, changes)
    if origin:
        tokenizer = _tokenizer_of(origin[1], by_section["tokenizer"])
    else:
        tokenizer = _make_tokenizer(corpus, by_section["tokenizer"])
    _check_corpus(preset.kind, corpus, tokenizer)

    model_settings = origin[1].model.to_dict() if origin else dict(preset.model_settings)
    if corpus.task and not origin:
        model_settings["block_size"] = _longest_example(corpus)
    model = MODEL_CONFIGS[preset.kind].from_dict(
        {**model_settings, "vocab_size": tokenizer.vocab_size, **by_section["model"]}
    )
    if corpus.task and model.block_size < _longest_example(corpus):
        raise RunError(
            f"block_size ({model.block_size}) must be at least {_longest_example(corpus)} for the "
            f"longest example of {corpus.name}."
        )
    training = TRAINING_CONFIGS[preset.kind].from_dict(
        _following(preset.training.to_dict() | by_section["training"], changes)
    )
    recording = {"sample_interval": training.evaluation_interval} | by_section["recording"]
    return RunConfig(
        title=checked_title(_default_title(preset, corpus) if title is None else title),
        kind=preset.kind,
        preset=preset.name,
        corpus=reference_to(corpus, is_own=not is_in_catalogue(corpus)),
        tokenizer=tokenizer,
        model=model,
        training=training,
        recording=RecordingConfig.from_dict(recording),
        compute=ComputeConfig.from_dict(by_section["compute"]),
        origin=origin[0] if origin else None,
        created=now(),
        versions=current_versions(preset.kind),
    )


def is_in_catalogue(corpus: Corpus) -> bool:
    """Whether the catalogue has this very text under its name, so that a run need not copy it."""
    if corpus.name not in CATALOGUE:
        return False
    try:
        return load_corpus(corpus.name) == corpus
    except CorpusError:
        return False


def _make_tokenizer(corpus: Corpus, changes: Mapping[str, Any]) -> Tokenizer:
    settings = TokenizerSettings.from_dict(changes)
    if settings.tokenizer == "characters" and "vocab_size" in changes:
        raise RunError(
            "vocab_size follows from the characters of the text, unless the tokenizer is bpe."
        )
    return make_tokenizer(corpus, settings)


def _tokenizer_of(origin: RunConfig, changes: Mapping[str, Any]) -> Tokenizer:
    settings = origin.tokenizer_settings.to_dict()
    for name, value in changes.items():
        if settings[name] != value:
            raise RunError(
                f"The weights of {origin.title} know its own tokens only: leave {name} as it is."
            )
    return origin.tokenizer


def _longest_example(corpus: Corpus) -> int:
    """In tokens to read: BOS and the document; the BOS at its end is only asked for."""
    return 1 + max(map(len, corpus.documents))


def _default_title(preset: Preset, corpus: Corpus) -> str:
    if preset.name == corpus.name:
        return preset.name
    return f"{preset.name} on {corpus.name}"[:TITLE_LENGTH]


def _sorted_into_sections(kind: RunKind, changes: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    names = {
        section: {each.name for each in fields(settings)}
        for section, settings in sections(kind).items()
    }
    names["model"].discard("vocab_size")
    for name in changes:
        if not any(name in known for known in names.values()):
            raise RunError(f"{name} is not a setting of a {kind} run.")
    return {
        section: {name: value for name, value in changes.items() if name in known}
        for section, known in names.items()
    }


def _following(training: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The training's settings, those that follow others moved within their limits."""
    for name, leader in (("warmup_steps", "steps"), ("minimum_learning_rate", "learning_rate")):
        limit = training[leader]
        follows = name in training and name not in given and leader in given
        if follows and isinstance(limit, int | float):
            training[name] = min(training[name], type(training[name])(limit / 10))
    return training


def _check_origin(preset: Preset, config: RunConfig) -> None:
    if config.kind != preset.kind:
        raise RunError(
            f"The weights of {config.title} are those of a {config.kind} model, which the preset "
            f"{preset.name} does not train."
        )


def _check_corpus(kind: RunKind, corpus: Corpus, tokenizer: Tokenizer) -> None:
    if kind == "scalar" and corpus.kind != "documents":
        raise RunError(
            f"The GPT made of plain numbers learns documents, one a line, but {corpus.name} is "
            "running text."
        )
    if kind == "scalar" and corpus.task:
        raise RunError(
            f"The GPT made of plain numbers learns all of a document, but of {corpus.name} only "
            "the answers are to be learnt."
        )
    if corpus.kind == "documents" and tokenizer.bos is None:
        raise RunError(
            f"The tokenizer comes from running text and has no BOS, which the documents of "
            f"{corpus.name} need between them."
        )
    if corpus.task and not isinstance(tokenizer, CharTokenizer):
        raise RunError(
            f"{corpus.name} is read character by character, for its best possible loss is known for"
            " these: set the tokenizer to characters."
        )
    if tokenizer is not corpus.tokenizer:
        tokenizer.encode("".join(sorted(set().union(*corpus.documents))))
