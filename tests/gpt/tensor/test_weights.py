import pickle
from pathlib import Path

import pytest
import torch

from gpt.tensor.config import RUNG_NAMES, GPTConfig
from gpt.tensor.models import build_model
from gpt.tensor.presets import PRESETS
from gpt.tensor.weights import export_weights, import_weights, read_weights, save_weights


@pytest.mark.parametrize("rung", [*RUNG_NAMES, "fast"])
def test_a_saved_model_is_the_same_model(
    rung: str, tmp_path: Path, generator: torch.Generator
) -> None:
    settings = PRESETS["fast"].model_settings if rung == "fast" else {"rung": rung}
    config = GPTConfig.from_dict({"vocab_size": 11, **settings, "n_layer": 2, "n_embd": 16})
    model, copy = build_model(config, generator), build_model(config)
    path = tmp_path / "weights.safetensors"
    save_weights(model, path, {"step": "7"})
    import_weights(copy, read_weights(path))
    idx = torch.randint(11, (2, 8), generator=generator)
    assert torch.equal(copy.eval()(idx)[0], model.eval()(idx)[0])
    assert sum(w.numel() for w in read_weights(path).values()) == config.parameter_count()


def test_exported_weights_are_a_copy(generator: torch.Generator) -> None:
    model = build_model(GPTConfig.lecture("bigram", 11), generator)
    weights = export_weights(model)
    with torch.no_grad():
        model.get_parameter("token_table.weight").zero_()
    assert weights["token_table.weight"].count_nonzero() == 121


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda w: w.pop("attn.key.weight"), "attn.key.weight is missing"),
        (lambda w: w.update(extra=torch.zeros(1)), "it has no extra"),
        (
            lambda w: w.update({"lm_head.bias": torch.zeros(12)}),
            r"lm_head.bias is \(12,\), it needs \(11,\)",
        ),
    ],
)
def test_weights_of_another_model_are_refused_and_change_nothing(
    spoil, sentence: str, generator: torch.Generator
) -> None:
    model = build_model(GPTConfig.lecture("single-head", 11), generator)
    before = export_weights(model)
    weights = {name: torch.zeros_like(weight) for name, weight in before.items()}
    spoil(weights)
    with pytest.raises(ValueError, match=f"These weights are not for this model: {sentence}"):
        import_weights(model, weights)
    for name, parameter in model.named_parameters():
        assert torch.equal(parameter, before[name])


@pytest.mark.parametrize("content", [b"{}", pickle.dumps({"a": 1}), b"\x00" * 100])
def test_a_file_that_is_not_safetensors_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"^model\.safetensors is not a safetensors file\.$"):
        read_weights(path)


@pytest.mark.parametrize("size", [0, 40, 3000])
def test_a_file_that_was_cut_short_is_said_to_be(size: int, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_weights(build_model(GPTConfig(3, n_embd=32)), path)
    whole = path.read_bytes()
    path.write_bytes(whole[:size])
    header_end = 8 + int.from_bytes(whole[:8], "little")
    needed = header_end if size < header_end else len(whole)
    expected = (
        f"model.safetensors is cut short: {size:,} bytes, its header asks for {needed:,}."
        if size
        else "model.safetensors is empty: it was not written, or not copied to its end."
    )
    with pytest.raises(ValueError) as refused:
        read_weights(path)
    assert str(refused.value) == expected
