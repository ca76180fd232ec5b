from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch

from gpt.lens.opening import open_model
from gpt.lens.patching import lead_over, patch, patch_heads, patch_stream
from gpt.lens.trace import NoSuchActivationError, trace
from gpt.runs.library import find_run
from gpt.tensor.language_model import LanguageModel


def test_everything_patched_says_what_is_said_of_the_other_text(
    streaming_model: LanguageModel, tokens: torch.Tensor
) -> None:
    text, other = tokens[0], trace(streaming_model, tokens[1])
    for name in ("embeddings", "blocks.0.residual_post", "logits"):
        assert torch.equal(
            trace(streaming_model, text, ablate=patch(other, [name])).logits, other.logits
        )


def test_what_is_patched_at_one_place_is_what_a_loop_would_find(
    models: Mapping[str, LanguageModel], tokens: torch.Tensor
) -> None:
    model = models["gpt2"]
    text, source = tokens[0].tolist(), tokens[1].tolist()
    other = trace(model, source)
    streams, heads = patch_stream(model, text, source), patch_heads(model, text, source)
    assert streams.shape == (3, 8, 11)
    assert heads.shape == (2, 4, 11)
    # At the last position after the last block there is nothing left that could differ.
    assert torch.allclose(streams[2, 7], other.logits[-1], atol=1e-5)
    assert torch.allclose(streams[2, :7], trace(model, text).logits[-1].expand(7, 11), atol=1e-5)

    def with_position(x: torch.Tensor) -> torch.Tensor:
        x = x.clone()
        x[:, 3] = other["blocks.0.residual_post"][3]
        return x

    def with_head(x: torch.Tensor) -> torch.Tensor:
        x = x.clone()
        x[:, 2] = other["blocks.1.attn.heads"][2]
        return x

    expected = trace(model, text, ablate={"blocks.0.residual_post": with_position}).logits[-1]
    assert torch.allclose(streams[1, 3], expected, atol=1e-5)
    expected = trace(model, text, ablate={"blocks.1.attn.heads": with_head}).logits[-1]
    assert torch.allclose(heads[1, 2], expected, atol=1e-5)


def test_a_text_patched_with_itself_stays_as_it_is(
    models: Mapping[str, LanguageModel], tokens: torch.Tensor
) -> None:
    model, text = models["fast"], tokens[0].tolist()
    expected = trace(model, text).logits[-1]
    assert torch.allclose(patch_stream(model, text, text), expected, atol=1e-5)
    assert torch.allclose(patch_heads(model, text, text), expected, atol=1e-5)


def test_texts_that_do_not_fit_and_models_without_parts_are_refused(
    models: Mapping[str, LanguageModel],
) -> None:
    with pytest.raises(ValueError, match="equal length, but one has 2 tokens and the other 3"):
        patch_stream(models["gpt2"], [1, 2], [1, 2, 3])
    with pytest.raises(NoSuchActivationError, match="no blocks"):
        patch_heads(models["bigram"], [1, 2], [1, 3])


def test_few_copies_at_once_find_the_same_as_many(
    models: Mapping[str, LanguageModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    text, source = [1, 2, 3, 4, 5, 6], [1, 2, 7, 4, 5, 8]
    whole = patch_stream(models["gpt2"], text, source)
    monkeypatch.setattr("gpt.lens.patching.MOST_NUMBERS", 1)
    assert torch.allclose(patch_stream(models["gpt2"], text, source), whole, atol=1e-5)
    untouched = trace(models["gpt2"], text).logits[-1]
    assert torch.allclose(whole[:, :2], untouched.expand(3, 2, -1), atol=1e-5)


def test_copying_goes_by_way_of_the_letter_s_place_and_then_the_end() -> None:
    """What the shipped model learnt: layer 1 takes the letter from where it stood before."""
    opened = open_model(find_run("copy"))
    text, source = (opened.encode(each).tokens for each in ("euhwqkpm=euhwq", "euhwqxpm=euhwq"))
    k, x = (opened.tokenizer.encode(each)[0] for each in "kx")
    patched = patch_stream(opened.model, text, source)
    leads = patched[..., x] - patched[..., k]
    place = next(i for i, pair in enumerate(zip(text, source, strict=True)) if pair[0] != pair[1])
    assert leads[:2, place].min() > 10
    assert leads[2, -1] > 10
    leads[:2, place] = leads[2, -1] = -10
    assert leads.max() < -5


def test_the_lead_of_another_answer_is_that_of_its_logit(
    models: Mapping[str, LanguageModel], tokens: torch.Tensor
) -> None:
    model = models["gpt2"]
    text = tokens[0].tolist()
    others = [text, tokens[1].tolist(), [*text[:3], (text[3] + 1) % 11, *text[4:]]]
    answer = int(trace(model, text).logits[-1].argmax())
    logits = torch.stack([trace(model, each).logits[-1] for each in others])
    leads = lead_over(model, text, others)
    assert leads[0] == 0
    torch.testing.assert_close(leads, logits.amax(-1) - logits[:, answer])
