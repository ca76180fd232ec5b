"""Models from outside: `transformers` and the run that is made of its files agree."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from gpt.lens.opening import open_model
from gpt.lens.writing import start_text
from gpt.runs.archive import export_run, import_run
from gpt.runs.config import RunError
from gpt.runs.journal import read_records
from gpt.runs.library import list_runs
from gpt.runs.outside import adopt_model
from gpt.runs.run import Run
from gpt.runs.session import train_run
from gpt.tensor.config import GPTConfig
from gpt.tensor.gpt2_layout import weights_to_gpt2
from gpt.tensor.models import build_model
from gpt.tensor.sampling import generate
from gpt.tensor.weights import export_weights

transformers = pytest.importorskip("transformers")
tokenizers = pytest.importorskip("tokenizers")

LETTERS = "abcdefghijkl"
V = len(LETTERS) + 1
SHAPES: dict[str, dict[str, Any]] = {
    "tied": {"n_layer": 2, "n_head": 4, "n_embd": 32},
    "untied": {"n_layer": 3, "n_head": 2, "n_embd": 16, "tie_word_embeddings": False},
    "one-wide-head": {"n_layer": 1, "n_head": 1, "n_embd": 24, "activation_function": "gelu"},
    "narrow-heads": {"n_layer": 2, "n_head": 12, "n_embd": 24, "activation_function": "relu"},
    "deep": {"n_layer": 6, "n_head": 3, "n_embd": 48, "tie_word_embeddings": False},
}


def letters() -> Any:
    """A token for each letter, and one that opens and ends a text."""
    ids = {letter: i for i, letter in enumerate(LETTERS)}
    library = tokenizers.Tokenizer(tokenizers.models.BPE(ids, []))
    library.add_special_tokens(["<|endoftext|>"])
    return library


def save_theirs(folder: Path, shape: dict[str, Any], **saving: Any) -> Any:
    """A random GPT-2 in which nothing is zero or one, as `transformers` saves it."""
    size = {"vocab_size": V, "n_positions": 24, "bos_token_id": V - 1, "eos_token_id": V - 1}
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config(**size | shape)).eval()
    generator = torch.Generator().manual_seed(1337)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.2, generator=generator)
    model.save_pretrained(folder, **saving)
    letters().save(str(folder / "tokenizer.json"))
    return model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "theirs"


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_a_run_computes_and_writes_what_transformers_does(
    shape: dict[str, Any], runs: Path, folder: Path
) -> None:
    theirs = save_theirs(folder, shape)
    run = adopt_model(str(folder))
    opened = open_model(run)
    tokens = start_text(opened, "badhedge")
    assert tokens == [V - 1, 1, 0, 3, 7, 4, 3, 6, 4]
    idx = torch.tensor([tokens])
    with torch.no_grad():
        expected = theirs(idx).logits[0]
    assert torch.allclose(opened.trace(tokens).logits, expected, rtol=0, atol=1e-4)
    continued = theirs.generate(
        idx,
        attention_mask=torch.ones_like(idx),
        max_new_tokens=12,
        do_sample=False,
        pad_token_id=0,
        eos_token_id=None,
    )
    greedy = generate(
        opened.model, idx, 12, generator=torch.Generator(), draw=lambda p, _: p.argmax(-1)
    )
    assert torch.equal(greedy, continued)


def test_it_is_a_run_that_says_where_it_comes_from_and_nothing_else(
    runs: Path, folder: Path
) -> None:
    save_theirs(folder, SHAPES["tied"])
    run = adopt_model(str(folder), "A guest")
    (summary,) = list_runs().runs
    assert (run.name, summary.config.title) == ("a-guest", "A guest")
    assert summary.config.source.to_dict() == {"name": str(folder), "layout": "gpt2"}
    assert summary.config.is_from_outside
    assert (summary.status.state, summary.status.is_active) == ("outside", False)
    assert summary.status.validation_loss is None
    stored = json.loads(run.config_file.read_bytes())
    assert not {"training", "corpus", "recording", "preset"} & set(stored)
    assert set(summary.config.settings()) == {"model"}
    (sample,) = read_records(run.samples_file)
    assert sample["step"] == 0
    assert set(sample["text"]) <= set(LETTERS)
    with pytest.raises(RunError, match="A guest comes from outside, without the text"):
        run.corpus()
    before = run.checkpoint().path.read_bytes()
    with pytest.raises(RunError, match="a-guest comes from outside; train --from a-guest"):
        train_run(run)
    assert run.checkpoint().path.read_bytes() == before


def test_it_goes_into_a_zip_file_and_back(runs: Path, folder: Path, tmp_path: Path) -> None:
    save_theirs(folder, SHAPES["untied"])
    run = adopt_model(str(folder))
    export_run(run, tmp_path / "run.zip")
    again = import_run(tmp_path / "run.zip")
    assert again.config() == run.config()
    assert again.status().state == "outside"
    assert again.checkpoint().path.read_bytes() == run.checkpoint().path.read_bytes()


def test_weights_may_be_in_several_files_and_in_half_precision(runs: Path, folder: Path) -> None:
    theirs = save_theirs(folder, SHAPES["tied"], max_shard_size="20KB")
    assert len(list(folder.glob("*.safetensors"))) > 1
    sharded = open_model(adopt_model(str(folder)))
    tokens = [1, 2, 3]
    with torch.no_grad():
        expected = theirs(torch.tensor([tokens])).logits[0]
    assert torch.allclose(sharded.trace(tokens).logits, expected, atol=1e-4)

    for file in folder.glob("*.safetensors"):
        save_file({name: w.bfloat16() for name, w in load_file(file).items()}, file)
    halved = open_model(adopt_model(str(folder), "halved"))
    with torch.no_grad():
        expected = theirs.bfloat16().float()(torch.tensor([tokens])).logits[0]
    assert torch.allclose(halved.trace(tokens).logits, expected, atol=1e-4)


def save_nanogpt(folder: Path, **args: Any) -> GPTConfig:
    """A state dict as nanoGPT's training leaves it, its matrices not transposed."""
    config = GPTConfig(V - 1, block_size=24, n_layer=2, n_head=4, n_embd=32)
    model = build_model(config, torch.Generator().manual_seed(3))
    there = weights_to_gpt2(export_weights(model), config)
    weights = {
        f"_orig_mod.{name}": (w.T if ".c_" in name else w).contiguous().clone()
        for name, w in there.items()
        if not name.endswith("bias")
    }
    folder.mkdir()
    save_file(weights, folder / "ckpt.safetensors")
    shape = {"n_layer": 2, "n_head": 4, "n_embd": 32, "block_size": 24, "bias": False} | args
    (folder / "config.json").write_text(json.dumps({"model_args": shape}))
    stoi = {letter: i for i, letter in enumerate(LETTERS)}
    (folder / "meta.json").write_text(json.dumps({"stoi": stoi}))
    torch.save(weights, folder / "ckpt.pt")
    return config


def test_nanogpts_weights_are_read_with_its_characters(runs: Path, folder: Path) -> None:
    config = save_nanogpt(folder)
    expected = build_model(config, torch.Generator().manual_seed(3)).eval()
    run = adopt_model(str(folder / "ckpt.safetensors"), "mine")
    opened = open_model(run)
    assert run.config().source.layout == "nanogpt"
    assert opened.config.model == config
    tokens = opened.encode("cab").tokens
    assert tokens == [2, 0, 1]
    assert torch.equal(opened.trace(tokens).logits, expected(torch.tensor([tokens]))[0][0])


def test_what_nanogpts_config_says_must_be_so(runs: Path, folder: Path) -> None:
    save_nanogpt(folder, n_layer=3)
    with pytest.raises(RunError, match="says that n_layer is 3, the weights 2"):
        adopt_model(str(folder))
    (folder / "config.json").write_text('{"block_size": 24}')
    with pytest.raises(RunError, match="lacks n_head"):
        adopt_model(str(folder))
    with pytest.raises(RunError, match=r"ckpt\.pt may be a pickle.*save the weights as safetens"):
        adopt_model(str(folder / "ckpt.pt"))


def test_what_cannot_be_adopted_is_said_in_a_sentence(
    runs: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_theirs(folder, SHAPES["tied"])

    def refused(sentence: str) -> None:
        with pytest.raises(RunError, match=sentence):
            adopt_model(str(folder))
        assert list_runs().runs == []
        assert not runs.exists() or not list(runs.iterdir())

    (folder / "tokenizer.json").rename(folder / "tokens")
    refused("holds no tokenizer: put tokenizer.json beside the weights")
    (folder / "tokens").rename(folder / "tokenizer.json")
    values = json.loads((folder / "config.json").read_text())
    for changes, sentence in [
        ({"n_layer": 3}, r"h\.2\.attn\.c_attn\.weight is missing"),
        (
            {"n_positions": 25},
            r"wpe\.weight is \(24, 32\), but config\.json asks for \(25, 32\), as b",
        ),
        ({"model_type": "llama"}, "only gpt2 can be read"),
        ({"quantization_config": {"bits": 4}}, "quantization_config is"),
        ({"vocab_size": "many"}, "vocab_size must be a whole number"),
    ]:
        (folder / "config.json").write_text(json.dumps(values | changes))
        refused(sentence)
    (folder / "config.json").write_text("[" * 100_000)
    refused(r"config\.json is not JSON")
    (folder / "config.json").write_text(json.dumps(values))
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    refused(r"model\.safetensors is cut short: 1,000 bytes, its header asks for [\d,]+\.$")
    weights.rename(folder / "pytorch_model.bin")
    refused(r"pytorch_model\.bin may be a pickle")
    (folder / "pytorch_model.bin").unlink()
    refused(r"holds no weights: there should be a model\.safetensors")
    index = {"weight_map": {"wte.weight": "../secret.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    refused("names files outside its folder")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(RunError, match="no model on the Hugging Face hub can be called so"):
        adopt_model("no such/folder/here")


def test_without_a_network_a_name_of_the_hub_cannot_be_found(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub
    from huggingface_hub.errors import LocalEntryNotFoundError

    def unreachable(*arguments: object, **options: object) -> str:
        raise LocalEntryNotFoundError("no way there")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", unreachable)
    with pytest.raises(RunError, match="There is no folder someone/gpt here, and the Hugging Face"):
        adopt_model("someone/gpt")


def test_a_name_of_the_hub_brings_only_what_can_be_read(
    runs: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    save_theirs(folder, SHAPES["tied"])
    asked = []

    def fetched(name: str, *, allow_patterns: list[str]) -> str:
        asked.append((name, allow_patterns))
        return str(folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fetched)
    run: Run = adopt_model("someone/gpt")
    assert run.config().title == "someone/gpt"
    ((name, patterns),) = asked
    assert name == "someone/gpt"
    assert not any(each.endswith((".bin", ".pt", ".py")) for each in patterns)


def test_a_folder_is_opened_once_and_a_file_is_called_after_it(runs: Path, folder: Path) -> None:
    save_theirs(folder, SHAPES["tied"])
    assert adopt_model(str(folder / "model.safetensors")).config().title == "theirs"
    adopt_model(str(folder))
    with pytest.raises(RunError) as refused:
        adopt_model(f"{folder}/../{folder.name}")
    assert str(refused.value) == (
        f"{folder} is here already, as the run theirs-2: look into that one; to open the files"
        " anew, delete it or give --title."
    )
    assert len(list_runs().runs) == 2
    assert adopt_model(str(folder), "once more").name == "once-more"


def test_files_that_are_not_weights_or_tokenizer_say_what_should_be_there(
    runs: Path, folder: Path
) -> None:
    save_theirs(folder, SHAPES["tied"])

    def refusal(source: Path) -> str:
        with pytest.raises(RunError) as refused:
            adopt_model(str(source))
        return str(refused.value)

    assert refusal(folder / "config.json") == (
        f"config.json holds no weights: name the folder that it lies in, {folder}, or the "
        ".safetensors file there."
    )
    (folder / "tokenizer.json").write_text('{"a": 1}')
    assert refusal(folder) == (
        "theirs: tokenizer.json is JSON, but no tokenizer as the tokenizers library writes it: it"
        ' has no "model" with the tokens.'
    )
    (folder / "config.json").unlink()
    assert refusal(folder) == (
        "theirs holds no config.json: GPT-2's comes with its weights; for nanoGPT's put the "
        "model_args of its checkpoint there as JSON: n_layer, n_head, n_embd, block_size, "
        "vocab_size and bias."
    )


def test_masks_of_whole_numbers_are_passed_over(runs: Path, folder: Path) -> None:
    save_theirs(folder, SHAPES["tied"])
    weights = load_file(folder / "model.safetensors")
    weights["transformer.h.0.attn.bias"] = torch.ones(1, 1, 24, 24, dtype=torch.uint8).tril()
    save_file(weights, folder / "model.safetensors")
    assert adopt_model(str(folder)).name == "theirs"
