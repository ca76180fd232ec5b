from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch

from gpt.lens.anatomy import unembed
from gpt.lens.logit_lens import (
    NOTHING_FOLLOWS,
    decided_at,
    ranks,
    read_logit_lens,
    read_predictions,
    stream_names,
)
from gpt.lens.trace import NoSuchActivationError, trace
from gpt.tensor.language_model import LanguageModel


def test_the_last_layer_says_what_the_model_says(
    streaming_model: LanguageModel, tokens: torch.Tensor
) -> None:
    model, n_layer = streaming_model, streaming_model.config.n_layer
    batch = trace(model, tokens)
    lens = read_logit_lens(model, batch)
    assert lens.shape == (3, n_layer + 1, 8, 11)
    assert torch.equal(lens[:, -1], batch.logits)
    one = trace(model, tokens[1])
    assert torch.allclose(read_logit_lens(model, one), lens[1], rtol=1e-4, atol=1e-4)


def test_before_the_last_layer_it_is_what_a_model_without_the_rest_would_say(
    models: Mapping[str, LanguageModel], tokens: torch.Tensor
) -> None:
    model = models["gpt2"]
    off = {f"blocks.1.{part}.output": torch.zeros_like for part in ("attn", "mlp")}
    lens = read_logit_lens(model, trace(model, tokens))
    assert torch.allclose(lens[:, 1], trace(model, tokens, ablate=off).logits, atol=1e-5)


@pytest.mark.parametrize("rung", ["bigram", "blocks"])
def test_without_a_residual_stream_there_is_nothing_to_read(
    models: Mapping[str, LanguageModel], tokens: torch.Tensor, rung: str
) -> None:
    with pytest.raises(NoSuchActivationError):
        read_logit_lens(models[rung], trace(models[rung], tokens))


def test_the_logits_of_a_bigram_are_read_from_no_stream(
    models: Mapping[str, LanguageModel],
) -> None:
    with pytest.raises(ValueError, match="A bigram has no residual stream to read"):
        unembed(models["bigram"], torch.zeros(4, 32))
    assert unembed(models["blocks"], torch.zeros(4, 32)).shape == (4, 11)


def test_a_rank_counts_the_likelier_tokens() -> None:
    logits = torch.tensor([[0.0, 3.0, 1.0], [5.0, 4.0, 6.0]])
    assert ranks(logits, 0).tolist() == [2, 1]
    assert ranks(logits, 1).tolist() == [0, 2]


def test_ranks_of_many_tokens_at_once() -> None:
    logits = torch.tensor([[0.0, 3.0, 1.0], [5.0, 4.0, 6.0]])
    assert ranks(logits, torch.tensor([2, 1])).tolist() == [1, 2]


def test_the_best_at_every_depth_is_the_best_of_the_lens(
    streaming_model: LanguageModel, tokens: torch.Tensor
) -> None:
    model, text = streaming_model, tokens[1]
    seen = trace(model, text)
    names = stream_names(model.config.n_layer)
    lens = read_logit_lens(model, seen)
    found = read_predictions(model, seen, names, k=4)
    best = lens.softmax(-1).topk(4)
    assert torch.equal(found.tokens, best.indices)
    assert torch.allclose(found.probabilities, best.values, atol=1e-6)
    said = lens[-1].argmax(-1)
    for t in range(8):
        assert torch.equal(found.last_ranks[:, t], ranks(lens[:, t], int(said[t])))
    for t in range(7):
        assert torch.equal(found.next_ranks[:, t], ranks(lens[:, t], int(text[t + 1])))
    assert found.next_ranks[:, 7].eq(NOTHING_FOLLOWS).all()
    assert found.last_ranks[-1].eq(0).all()


def test_half_steps_stand_between_attention_and_mlp(
    models: Mapping[str, LanguageModel], tokens: torch.Tensor
) -> None:
    model = models["gpt2"]
    names = stream_names(2, half_steps=True)
    assert names == [
        "embeddings",
        *("blocks.0.residual_mid", "blocks.0.residual_post"),
        *("blocks.1.residual_mid", "blocks.1.residual_post"),
    ]
    found = read_predictions(model, trace(model, tokens[0]), names, k=1)
    without_mlp = trace(model, tokens[0], ablate={"blocks.1.mlp.output": torch.zeros_like})
    assert torch.equal(found.tokens[3, :, 0], without_mlp.logits.argmax(-1))


def test_an_answer_is_decided_where_it_begins_to_stay() -> None:
    tokens = torch.tensor([[5, 7, 1], [2, 7, 9], [5, 7, 9], [5, 7, 2]])
    assert decided_at(tokens).tolist() == [2, 0, 3]
