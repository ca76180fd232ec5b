from __future__ import annotations

from collections.abc import Mapping

import pytest
from torch import Tensor

from gpt.lens.contributions import measure_contributions
from gpt.lens.neurons import (
    measure_neuron_push,
    neuron_activations,
    neuron_writes,
    survey_neurons,
)
from gpt.lens.trace import NoSuchActivationError, trace
from gpt.tensor.language_model import LanguageModel


def padded(tokens: Tensor) -> list[tuple[Tensor, Tensor]]:
    """The tokens as two batches, of which row 1 is asked for its first five tokens only."""
    targets = tokens.roll(-1, 1)
    targets[1, 5:] = -1
    return [(tokens[:2], targets[:2]), (tokens[2:], targets[2:])]


def test_a_survey_finds_what_looking_at_every_token_finds(
    models: Mapping[str, LanguageModel], tokens: Tensor
) -> None:
    for name in ("gpt2", "fast", "layer-norm"):
        model = models[name]
        survey = survey_neurons(model, padded(tokens), contexts=2)
        lengths = [8, 5, 8]
        assert survey.lengths.tolist() == lengths and survey.n_tokens == 21
        seen = [
            neuron_activations(trace(model, row[:length]))
            for row, length in zip(tokens, lengths, strict=True)
        ]
        for layer in range(model.config.n_blocks):
            for neuron in (0, 7, 31):
                every = [
                    (row[layer, t, neuron].item(), w, t)
                    for w, row in enumerate(seen)
                    for t in range(row.shape[1])
                ]
                share = sum(value > 0 for value, _, _ in every) / len(every)
                assert survey.active_share[layer, neuron].item() == pytest.approx(share)
                best = [max(each for each in every if each[1] == w) for w in range(3)]
                best.sort(reverse=True)
                for place, (value, window, position) in enumerate(best[:2]):
                    found = survey.strongest[layer, neuron, place].item()
                    assert found == pytest.approx(value, abs=1e-6)
                    if value > 0:
                        assert survey.in_window[layer, neuron, place] == window
                        assert survey.at_position[layer, neuron, place] == position


def test_what_neurons_push_sums_to_what_their_mlp_adds_to_a_logit(
    streaming_model: LanguageModel, tokens: Tensor
) -> None:
    seen = trace(streaming_model, tokens[0])
    terms, values = measure_contributions(streaming_model, seen, 7)
    for layer in range(streaming_model.config.n_blocks):
        all_of_them = range(4 * streaming_model.config.n_embd)
        push = measure_neuron_push(streaming_model, seen, layer, 4, all_of_them)
        assert push.shape == (len(all_of_them), 11)
        of_mlp = next(
            value
            for term, value in zip(terms, values, strict=True)
            if term.kind == "mlp" and term.layer == layer
        )
        assert push[:, 7].sum().item() == pytest.approx(of_mlp[4].item(), abs=1e-4)


def test_fewer_windows_than_contexts_are_all_kept(
    models: Mapping[str, LanguageModel], tokens: Tensor
) -> None:
    survey = survey_neurons(models["gpt2"], padded(tokens))
    assert survey.strongest.shape == (2, 128, 3)
    assert (survey.strongest.diff(dim=-1) <= 0).all()
    assert survey.in_window.sort(-1).values.unique(dim=-1).tolist()[0][0] == [0, 1, 2]


def test_a_model_without_neurons_says_so(
    models: Mapping[str, LanguageModel], tokens: Tensor
) -> None:
    with pytest.raises(NoSuchActivationError):
        survey_neurons(models["feed-forward"], padded(tokens))
    with pytest.raises(NoSuchActivationError):
        neuron_writes(models["bigram"], 0)
    with pytest.raises(ValueError, match="nothing is held out"):
        survey_neurons(models["gpt2"], [])
