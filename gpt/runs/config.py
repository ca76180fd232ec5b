"""Everything needed to do a run again: what its config.json holds."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal, Self

from gpt.corpus.byte_pair import BytePairTokenizer
from gpt.corpus.corpus import Corpus, Kind
from gpt.corpus.tasks import TASKS
from gpt.corpus.tokenizer import Tokenizer, tokenizer_from_json
from gpt.runs.settings import (
    ComputeConfig,
    RecordingConfig,
    ScalarConfig,
    ScalarTrainingConfig,
    TokenizerSettings,
)
from gpt.tensor.config import GPTConfig
from gpt.tensor.settings import Settings
from gpt.tensor.training_config import TrainingConfig

FORMAT = 1
TITLE_LENGTH = 80

RunKind = Literal["tensor", "scalar"]
"""What the model is made of: tensors in torch, or plain numbers that remember."""

Layout = Literal["gpt2", "nanogpt"]
"""How weights from outside are named and shaped: see `gpt.tensor.gpt2_layout`."""

ModelConfig = GPTConfig | ScalarConfig
AnyTrainingConfig = TrainingConfig | ScalarTrainingConfig

MODEL_CONFIGS: dict[RunKind, type[ModelConfig]] = {"tensor": GPTConfig, "scalar": ScalarConfig}
TRAINING_CONFIGS: dict[RunKind, type[AnyTrainingConfig]] = {
    "tensor": TrainingConfig,
    "scalar": ScalarTrainingConfig,
}


class RunError(ValueError):
    """Something that cannot be done with a run; the message is one sentence."""


@dataclass(frozen=True)
class CorpusReference(Settings):
    """Which text a run learns from.

    Attributes:
        name: its name in the catalogue, or what its owner called it.
        kind: running text or documents.
        sha256: of the text in UTF-8, in hexadecimal.
        is_own: whether it is somebody's own, of which the run keeps a copy.
    """

    name: str
    kind: Kind
    sha256: str
    is_own: bool

    @property
    def task(self) -> str | None:
        """The name of the task of which these are the examples, if they are any."""
        return self.name if self.name in TASKS and not self.is_own else None


@dataclass(frozen=True)
class Origin(Settings):
    """The run and the step whose weights another run starts from."""

    run: str
    step: int


@dataclass(frozen=True)
class Source(Settings):
    """Where a model from outside came from.

    Attributes:
        name: the folder, or the name on the Hugging Face hub.
        layout: whose names and shapes its weights had.
    """

    name: str
    layout: Layout


@dataclass(frozen=True)
class RunConfig:
    """Everything needed to do a run again.

    Of a model from outside, only what the model is: text, training and recording are not known,
    those here are defaults that stand in no file.

    Attributes:
        title: what people call the run.
        kind: what the model is made of.
        preset: the preset that it was made from.
        corpus: which text it learns from.
        tokenizer: how that text becomes token ids.
        model: what the model is made of.
        training: how it is trained.
        recording: what is kept of it.
        compute: where it is computed.
        origin: the run whose weights it starts from; None where they are drawn.
        created: when, in ISO 8601.
        versions: of what it was made with, by name.
        source: where a model from outside came from; None for one that was trained here.
    """

    title: str
    kind: RunKind
    preset: str
    corpus: CorpusReference
    tokenizer: Tokenizer
    model: ModelConfig
    training: AnyTrainingConfig
    recording: RecordingConfig
    compute: ComputeConfig
    origin: Origin | None
    created: str
    versions: Mapping[str, str]
    source: Source | None = None

    def __post_init__(self) -> None:
        if self.kind not in MODEL_CONFIGS:
            raise RunError(f"kind must be one of {', '.join(MODEL_CONFIGS)}, not {self.kind!r}.")
        if self.model.vocab_size != self.tokenizer.vocab_size:
            raise RunError(
                f"The model has {self.model.vocab_size} tokens, but its tokenizer "
                f"{self.tokenizer.vocab_size}."
            )

    @property
    def is_from_outside(self) -> bool:
        """Whether the model was trained elsewhere, nobody here knows how."""
        return self.source is not None

    @property
    def tokenizer_settings(self) -> TokenizerSettings:
        """What there was to choose about the tokenizer."""
        if isinstance(self.tokenizer, BytePairTokenizer):
            return TokenizerSettings("bpe", self.tokenizer.vocab_size)
        return TokenizerSettings()

    def settings(self) -> dict[str, dict[str, Any]]:
        """Everything that can be set, by section and by name; what is not known is left out."""
        if self.is_from_outside:
            return {"model": self.model.to_dict()}
        return {
            "tokenizer": self.tokenizer_settings.to_dict(),
            "model": self.model.to_dict(),
            "training": self.training.to_dict(),
            "recording": self.recording.to_dict(),
            "compute": self.compute.to_dict(),
        }

    def to_dict(self) -> dict[str, Any]:
        """Every field by its name, ready for `json.dumps`."""
        if self.source:
            return {
                "format": FORMAT,
                "title": self.title,
                "kind": self.kind,
                "source": self.source.to_dict(),
                "tokenizer": self.tokenizer.to_json(),
                "model": self.model.to_dict(),
                "created": self.created,
                "versions": dict(self.versions),
            }
        return {
            "format": FORMAT,
            "title": self.title,
            "kind": self.kind,
            "preset": self.preset,
            "corpus": self.corpus.to_dict(),
            "tokenizer": self.tokenizer.to_json(),
            "model": self.model.to_dict(),
            "training": self.training.to_dict(),
            "recording": self.recording.to_dict(),
            "compute": self.compute.to_dict(),
            "origin": self.origin.to_dict() if self.origin else None,
            "created": self.created,
            "versions": dict(self.versions),
        }

    def to_json(self) -> bytes:
        """The contents of config.json."""
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False).encode() + b"\n"

    @classmethod
    def from_json(cls, contents: bytes) -> Self:
        """The configuration in the contents of config.json.

        Raises RunError, in one sentence, for anything that `to_json` cannot have written.
        """
        try:
            return cls._from_dict(json.loads(contents))
        except KeyError as error:
            raise RunError(f"config.json lacks {error.args[0]!r}.") from None
        except (TypeError, AttributeError, RecursionError):
            raise RunError("config.json is not the configuration of a run.") from None
        except json.JSONDecodeError as error:
            raise RunError(f"config.json is not JSON: {error.msg}, line {error.lineno}.") from None
        except UnicodeDecodeError:
            raise RunError("config.json is not JSON, for it is not even text.") from None
        except ValueError as error:
            raise RunError(f"config.json is wrong: {error}") from None

    @classmethod
    def _from_dict(cls, values: Any) -> Self:
        if values["format"] != FORMAT:
            raise RunError(f"its format is {values['format']!r}, where {FORMAT} is understood.")
        kind = values["kind"]
        if kind not in MODEL_CONFIGS:
            raise RunError(f"kind must be one of {', '.join(MODEL_CONFIGS)}, not {kind!r}.")
        if "source" in values:
            return cls.from_outside(
                title=values["title"],
                source=Source.from_dict(values["source"]),
                tokenizer=tokenizer_from_json(values["tokenizer"]),
                model=GPTConfig.from_dict(values["model"]),
                created=_text("created", values["created"]),
                versions=_versions(values),
            )
        origin = values["origin"]
        return cls(
            title=checked_title(values["title"]),
            kind=kind,
            preset=_text("preset", values["preset"]),
            corpus=CorpusReference.from_dict(values["corpus"]),
            tokenizer=tokenizer_from_json(values["tokenizer"]),
            model=MODEL_CONFIGS[kind].from_dict(values["model"]),
            training=TRAINING_CONFIGS[kind].from_dict(values["training"]),
            recording=RecordingConfig.from_dict(values["recording"]),
            compute=ComputeConfig.from_dict(values["compute"]),
            origin=None if origin is None else Origin.from_dict(origin),
            created=_text("created", values["created"]),
            versions=_versions(values),
        )

    @classmethod
    def from_outside(
        cls,
        *,
        title: str,
        source: Source,
        tokenizer: Tokenizer,
        model: GPTConfig,
        created: str,
        versions: Mapping[str, str],
    ) -> Self:
        """What is known of a model that was trained elsewhere. Raises RunError as any does."""
        return cls(
            title=checked_title(title),
            kind="tensor",
            preset="",
            corpus=CorpusReference("not known", "text", "", is_own=False),
            tokenizer=tokenizer,
            model=model,
            training=TrainingConfig(),
            recording=RecordingConfig(),
            compute=ComputeConfig(),
            origin=None,
            created=created,
            versions=versions,
            source=source,
        )


def reference_to(corpus: Corpus, *, is_own: bool) -> CorpusReference:
    """How a configuration names a corpus."""
    return CorpusReference(corpus.name, corpus.kind, corpus.sha256, is_own)


def checked_title(title: object) -> str:
    """A title without white space around it. Raises RunError for what cannot be one."""
    text = " ".join(_text("title", title).split())
    if not text or len(text) > TITLE_LENGTH or not text.isprintable():
        raise RunError(f"A title has 1 to {TITLE_LENGTH} printable characters, not {text[:100]!r}.")
    return text


def as_folder_name(title: str) -> str:
    """The title in lower-case letters, digits and hyphens, as a folder is called on any machine."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60] or "run"


def current_versions(kind: RunKind) -> dict[str, str]:
    """Of this project and of what a run of that kind rests on."""
    packages = ["gpt-explorer", *(["torch"] if kind == "tensor" else [])]
    return {"python": platform.python_version(), **{name: _version_of(name) for name in packages}}


def now() -> str:
    """The time in ISO 8601, in UTC; to the microsecond, so that runs of one second keep order."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def readable_time(moment: str) -> str:
    """A time as `now` writes it, for people: 21 November 2026, 05:42 UTC. Other text stays."""
    try:
        time = datetime.fromisoformat(moment).astimezone(UTC)
    except ValueError:
        return moment
    return f"{time.day} {time:%B %Y, %H:%M} UTC"


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        # A checkout that was never installed runs all the same.
        return "unknown"


def _versions(values: Mapping[str, Any]) -> dict[str, str]:
    return {_text("version", k): _text(k, v) for k, v in values["versions"].items()}


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise RunError(f"{name} must be text, not {value!r}.")
    return value
