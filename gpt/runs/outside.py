"""Models from outside: a folder of GPT-2's or nanoGPT's files becomes a run to look into.

The weights are copied, in our names, to the run's one checkpoint, of step 0; where they came from
is the `source` of its config.json. Nothing that is read is executed: weights come as safetensors,
all else as JSON or plain text.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import torch
from safetensors.torch import save_file
from torch import Tensor

from gpt.corpus.outside_tokenizer import OutsideTokenizer, rules_of_gpt2
from gpt.corpus.tokenizer import CharTokenizer, Tokenizer
from gpt.runs.config import TITLE_LENGTH, Layout, RunConfig, RunError, Source, current_versions, now
from gpt.runs.journal import Journal
from gpt.runs.library import list_runs, move_into_place, runs_folder, unwritable
from gpt.runs.run import Run
from gpt.runs.status import Status
from gpt.runs.training import SAMPLE_SEED
from gpt.tensor.config import GPTConfig
from gpt.tensor.filters import SamplingConfig
from gpt.tensor.gpt2_layout import (
    config_from_gpt2,
    config_from_nanogpt,
    is_needless,
    weights_from_gpt2,
)
from gpt.tensor.language_model import LanguageModel
from gpt.tensor.models import build_model
from gpt.tensor.sampling import generate
from gpt.tensor.weights import import_weights, read_weights

STEP = 0
"""A model from outside has one checkpoint, before any step that was made here."""

SAMPLE_TOKENS = 32
SAMPLE_TEMPERATURE = 0.8

WEIGHTS = "model.safetensors"
WEIGHTS_SUFFIX = ".safetensors"
INDEX = "model.safetensors.index.json"
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
FETCHED = ("config.json", "tokenizer.json", "vocab.json", "merges.txt", INDEX, "*.safetensors")

_HUB_NAME = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)?", re.ASCII)
# What nanoGPT's `model_args` say that the shapes of the weights say as well.
_NANOGPT_SHAPE = ("n_layer", "n_embd", "block_size", "vocab_size", "bias")


def adopt_model(source: str, title: str | None = None) -> Run:
    """Makes a run in `runs_folder()` of a model that was trained elsewhere.

    It writes a first text at once, which shows that it works and is there to be looked into.

    Args:
        source: a folder with config.json, weights as safetensors and tokenizer.json (or vocab.json
            and merges.txt; with nanoGPT's weights also its meta as meta.json), its safetensors file
            itself, or the name of such a folder on the Hugging Face hub.
        title: what to call it; by default as the folder is called, or as the hub does. Only with a
            title is one opened again that is here already.

    Raises RunError, in one sentence, for what cannot be such a model, or is here already; nothing
    is kept of it then.
    """
    place = Path(source).expanduser()
    origin = str(place.resolve()) if place.exists() else source
    if title is None:
        _refuse_again(origin)
    if place.is_file():
        _refuse_pickle(place)
        folder, file = place.parent, place
        if place.suffix != WEIGHTS_SUFFIX:
            raise RunError(
                f"{place.name} holds no weights: name the folder that it lies in, "
                f"{place.resolve().parent}, or the {WEIGHTS_SUFFIX} file there."
            )
    else:
        folder, file = place if place.is_dir() else _fetch(source), None
    try:
        values = _read_config(folder)
        weights = _read_weights(folder, file)
        layout, model, ours = _ours(values, weights)
        tokenizer = _read_tokenizer(folder, model.vocab_size, values.get("bos_token_id"))
        config = RunConfig.from_outside(
            title=title or (folder.resolve().name if place.exists() else source)[-TITLE_LENGTH:],
            source=Source(origin, layout),
            tokenizer=tokenizer,
            model=model,
            created=now(),
            versions=current_versions("tensor"),
        )
        text = _first_text(config, model, ours)
    except RunError:
        raise
    except ValueError as error:
        raise RunError(f"{folder.name}: {error}") from None
    except OSError as error:
        raise RunError(f"{folder} cannot be read: {error.strerror or error}.") from None
    return _write(config, ours, text)


def _refuse_again(origin: str) -> None:
    for each in list_runs().runs:
        if each.config.source and each.config.source.name == origin:
            raise RunError(
                f"{origin} is here already, as the run {each.run.name}: look into that one; "
                "to open the files anew, delete it or give --title."
            )


def _write(config: RunConfig, weights: Mapping[str, Tensor], text: str) -> Run:
    beside = runs_folder() / f".new-{uuid4().hex}"
    try:
        run = Run(beside)
        run.checkpoints_folder.mkdir(parents=True)
        run.config_file.write_bytes(config.to_json())
        save_file(dict(weights), run.checkpoint_file(STEP), {"step": str(STEP)})
        with Journal(run.samples_file) as samples:
            samples.append({"step": STEP, "text": text})
        run.write_status(Status("outside", time.time(), STEP))
        return Run(move_into_place(beside, None, config.title))
    except OSError as error:
        raise unwritable(beside.parent, error) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _ours(
    values: Mapping[str, Any], weights: Mapping[str, Tensor]
) -> tuple[Layout, GPTConfig, dict[str, Tensor]]:
    """Whose layout it is, our configuration, and our weights, which fit it."""
    layout: Layout = "gpt2"
    if "block_size" in values and "model_type" not in values:
        layout, model = "nanogpt", _nanogpt_config(values, weights)
    else:
        model = config_from_gpt2(values)
    for name, weight in weights.items():
        if not weight.is_floating_point() and not is_needless(name):
            raise RunError(f"{name} holds whole numbers; weights that were quantised are not read.")
    ours = {
        name: weight.to(torch.float16 if weight.dtype == torch.float16 else torch.float32)
        for name, weight in weights_from_gpt2(weights, model).items()
    }
    with torch.device("meta"):
        import_weights(build_model(model), ours)  # without the numbers: only whether all fits
    return layout, model, {name: weight.contiguous() for name, weight in ours.items()}


def _nanogpt_config(values: Mapping[str, Any], weights: Mapping[str, Tensor]) -> GPTConfig:
    n_head = values.get("n_head")
    if not isinstance(n_head, int):
        raise RunError("config.json lacks n_head, which the weights of nanoGPT do not tell.")
    config = config_from_nanogpt(weights, n_head)
    for name in _NANOGPT_SHAPE:
        found = getattr(config, name)
        if values.get(name, found) != found:
            raise RunError(f"config.json says that {name} is {values[name]}, the weights {found}.")
    return config


def _read_weights(folder: Path, file: Path | None) -> dict[str, Tensor]:
    if file is None and (folder / INDEX).is_file():
        parts = _read_json(folder / INDEX).get("weight_map")
        if not isinstance(parts, dict) or not all(isinstance(p, str) for p in parts.values()):
            raise RunError(f"{INDEX} does not say which weights are in which file.")
        names = sorted(set(parts.values()))
        if any(Path(name).name != name for name in names):
            raise RunError(f"{INDEX} names files outside its folder, which are not read.")
        return {
            name: weight
            for part in names
            for name, weight in read_weights(folder / part).items()
            if parts.get(name) == part
        }
    found = [file] if file else sorted(folder.glob("*.safetensors"))
    if folder / WEIGHTS in found:
        found = [folder / WEIGHTS]
    if not found:
        for each in sorted(folder.iterdir()):
            _refuse_pickle(each)
        raise RunError(f"{folder.name} holds no weights: there should be a {WEIGHTS}.")
    if len(found) > 1:
        names = [each.name for each in found]
        raise RunError(f"{folder.name} holds {', '.join(names)}: name the file that is meant.")
    return read_weights(found[0])


def _refuse_pickle(path: Path) -> None:
    if path.suffix in PICKLES:
        raise RunError(
            f"{path.name} may be a pickle, which can run anything when it is opened, so it is not "
            "opened here: save the weights as safetensors first, with transformers by "
            "model.save_pretrained(FOLDER), else by safetensors.torch.save_model(model, FILE)."
        )


def _read_tokenizer(folder: Path, vocab_size: int, bos: object) -> Tokenizer:
    opening = bos if isinstance(bos, int) and 0 <= bos < vocab_size else None
    if (folder / "tokenizer.json").is_file():
        rules = (folder / "tokenizer.json").read_text(encoding="utf-8")
        return OutsideTokenizer.read(rules, vocab_size, opening)
    vocabulary, merges = folder / "vocab.json", folder / "merges.txt"
    if vocabulary.is_file() and merges.is_file():
        return OutsideTokenizer.read(rules_of_gpt2(vocabulary, merges), vocab_size, opening)
    if (folder / "meta.json").is_file():
        return _nanogpt_characters(_read_json(folder / "meta.json"), vocab_size)
    raise RunError(
        f"{folder.name} holds no tokenizer: put tokenizer.json beside the weights, or vocab.json "
        "and merges.txt, or for characters nanoGPT's meta.pkl written as meta.json."
    )


def _nanogpt_characters(meta: Mapping[str, Any], vocab_size: int) -> CharTokenizer:
    """nanoGPT's characters, by their ids in `stoi`."""
    ids = meta.get("stoi")
    if not isinstance(ids, dict) or sorted(ids.values()) != list(range(vocab_size)):
        raise RunError(
            f"meta.json must have a stoi with the ids 0 to {vocab_size - 1}, each of one character."
        )
    return CharTokenizer("".join(sorted(ids, key=ids.__getitem__)), has_bos=False)


def write_first(model: LanguageModel, tokenizer: Tokenizer) -> list[int]:
    """The token ids of the first text of a model from outside, at every call the same.

    They begin with BOS if it has one; a BOS that ends the text is left out.
    """
    bos = tokenizer.bos
    ids: list[int] = generate(
        model,
        torch.tensor([[bos or 0]]),
        min(SAMPLE_TOKENS, model.config.block_size),
        generator=torch.Generator().manual_seed(SAMPLE_SEED),
        config=SamplingConfig(temperature=SAMPLE_TEMPERATURE),
        end=bos,
    )[0, 1:].tolist()
    written = [each for each in ids if each != bos]
    return written if bos is None else [bos, *written]


def _first_text(config: RunConfig, model_config: GPTConfig, weights: Mapping[str, Tensor]) -> str:
    model = build_model(model_config)
    import_weights(model, weights)
    return config.tokenizer.decode(write_first(model.eval(), config.tokenizer))


def _read_config(folder: Path) -> dict[str, Any]:
    """What config.json says of a model. Raises RunError if it is not there or not that."""
    if not (folder / "config.json").is_file():
        raise RunError(
            f"{folder.name} holds no config.json: GPT-2's comes with its weights; for nanoGPT's put"
            " the model_args of its checkpoint there as JSON: n_layer, n_head, n_embd, block_size,"
            " vocab_size and bias."
        )
    values = _read_json(folder / "config.json")
    arguments = values.get("model_args", values)
    if not isinstance(arguments, dict):
        raise RunError("config.json has model_args that are no JSON object.")
    return arguments


def _read_json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise RunError(f"{path.parent.name} holds no {path.name}.") from None
    except (ValueError, RecursionError):
        raise RunError(f"{path.name} is not JSON.") from None
    if not isinstance(values, dict):
        raise RunError(f"{path.name} does not hold a JSON object.")
    return values


def _fetch(name: str) -> Path:
    """The files of a model on the Hugging Face hub, which the library keeps on this machine."""
    if not _HUB_NAME.fullmatch(name):
        raise RunError(
            f"There is no folder {name}, and no model on the Hugging Face hub can be called so."
        )
    # Only who asks for a name loads what talks to the network.
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )

    try:
        return Path(snapshot_download(name, allow_patterns=list(FETCHED)))
    except GatedRepoError:
        raise RunError(f"{name} on the Hugging Face hub is given only to who has asked.") from None
    except LocalEntryNotFoundError:
        raise RunError(
            f"There is no folder {name} here, and the Hugging Face hub, which may have a model of "
            "that name, cannot be reached: is there a network?"
        ) from None
    except RepositoryNotFoundError:
        raise RunError(
            f"There is neither a folder {name} here nor such a model on the Hugging Face hub."
        ) from None
    except OSError as error:
        raise RunError(f"{name} could not be fetched from the Hugging Face hub: {error}.") from None
