from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest
import torch

from gpt.lens.anatomy import unembed
from gpt.lens.contributions import measure_contributions, measure_push
from gpt.lens.logit_lens import stream_names
from gpt.lens.opening import open_model
from gpt.lens.trace import NoSuchActivationError, trace
from gpt.runs.library import find_run
from gpt.tensor.language_model import LanguageModel


def test_all_parts_together_are_the_logit(
    streaming_model: LanguageModel, tokens: torch.Tensor
) -> None:
    seen = trace(streaming_model, tokens)
    one = trace(streaming_model, tokens[1])
    for token in (0, 5):
        found = measure_contributions(streaming_model, seen, token)
        assert found.values.shape == (len(found.terms), 3, 8)
        assert torch.allclose(found.total, seen.logits[..., token], rtol=0, atol=1e-4)
        alone = measure_contributions(streaming_model, one, token)
        assert torch.allclose(alone.values, found.values[:, 1], rtol=0, atol=1e-4)
    difference = measure_contributions(streaming_model, seen, 5, against=0)
    expected = seen.logits[..., 5] - seen.logits[..., 0]
    assert torch.allclose(difference.total, expected, rtol=0, atol=1e-4)
    assert len(set(difference.terms)) == len(difference.terms)


def test_every_part_has_a_term_of_its_own(
    models: Mapping[str, LanguageModel], tokens: torch.Tensor
) -> None:
    def kinds(name: str) -> Counter[str]:
        model = models[name]
        terms = measure_contributions(model, trace(model, tokens[0]), 3).terms
        return Counter(term.kind for term in terms)

    parts = {"token": 1, "head": 8, "mlp": 2}
    assert kinds("gpt2") == parts | {"position": 1, "bias": 5}
    assert kinds("gpt2-untied") == parts | {"position": 1, "bias": 6}
    assert kinds("fast") == parts
    assert kinds("token-shift") == parts | {"position": 1, "bias": 6}


def test_with_the_scale_held_a_part_is_worth_what_is_missing_without_it(
    models: Mapping[str, LanguageModel], tokens: torch.Tensor
) -> None:
    """Of the last MLP, on which nothing else in the stream depends."""
    model = models["gpt2"]
    seen = trace(model, tokens[0])
    found = measure_contributions(model, seen, 3)
    value = next(v for t, v in zip(*found, strict=True) if t.kind == "mlp" and t.layer == 1)
    stream = seen.residual_stream[-1]
    norm, bias = model.ln_f, model.get_parameter("blocks.1.mlp.projection.bias")
    without = stream - seen["blocks.1.mlp.output"] + bias
    deviation = (stream.var(-1, unbiased=False, keepdim=True) + 1e-5).sqrt()
    held = (without - without.mean(-1, keepdim=True)) / deviation * norm.weight + norm.bias
    logit = held @ model.lm_head.weight[3]
    assert torch.allclose(value, seen.logits[:, 3] - logit, atol=1e-4)


def test_what_a_head_pushes_is_what_it_contributes_to_every_logit(
    streaming_model: LanguageModel, tokens: torch.Tensor
) -> None:
    seen = trace(streaming_model, tokens[0])
    push = measure_push(streaming_model, seen, seen.head_writes)
    n_layer, n_head = seen.head_writes.shape[:2]
    assert push.shape == (n_layer, n_head, 8, 11)
    terms, values = measure_contributions(streaming_model, seen, 7)
    heads = torch.stack([v for t, v in zip(terms, values, strict=True) if t.kind == "head"])
    assert torch.allclose(push[..., 7].flatten(0, 1), heads, atol=1e-5)


def test_a_logit_that_is_not_a_sum_of_parts_is_refused(
    models: Mapping[str, LanguageModel], tokens: torch.Tensor
) -> None:
    for rung in ("bigram", "multi-head", "blocks"):
        with pytest.raises(NoSuchActivationError):
            measure_contributions(models[rung], trace(models[rung], tokens), 0)
    with pytest.raises(ValueError, match="Token 11 is not in this vocabulary: ids go from 0 to 10"):
        measure_contributions(models["gpt2"], trace(models["gpt2"], tokens), 0, against=11)


def test_what_is_written_up_to_a_depth_is_what_the_lens_reads_there(
    streaming_model: LanguageModel, tokens: torch.Tensor
) -> None:
    model, seen = streaming_model, trace(streaming_model, tokens)
    for stream in stream_names(model.config.n_layer, half_steps=True):
        logits = unembed(model, seen[stream])
        found = measure_contributions(model, seen, 5, against=0, stream=stream)
        expected = logits[..., 5] - logits[..., 0]
        assert torch.allclose(found.total, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", ["copy", "shakespeare"])
def test_the_parts_of_a_trained_model_are_its_logits_too(name: str) -> None:
    opened = open_model(find_run(name))
    seen = trace(opened.model, opened.encode("euhwqkpm").tokens)
    for token in range(opened.tokenizer.vocab_size):
        total = measure_contributions(opened.model, seen, token).total
        assert torch.allclose(total, seen.logits[:, token], rtol=0, atol=1e-4)


def test_a_push_after_one_token_is_that_of_all(
    models: Mapping[str, LanguageModel], tokens: torch.Tensor
) -> None:
    model = models["gpt2-untied"]
    seen = trace(model, tokens[0])
    stream = "blocks.0.residual_mid"
    written = seen["blocks.0.attn.head_writes"]
    everywhere = measure_push(model, seen, written, stream=stream)
    there = measure_push(model, seen, written[:, 6], stream=stream, position=6)
    assert torch.allclose(there, everywhere[:, 6], atol=1e-6)
