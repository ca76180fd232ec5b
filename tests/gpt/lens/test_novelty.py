from typing import Any

import pytest
import torch

from gpt.corpus.corpus import Corpus
from gpt.lens.novelty import Novelty, distinct_n, mean_surprisal, measure_novelty
from gpt.lens.opening import open_model


def test_a_stretch_of_twenty_characters_is_copied_or_not() -> None:
    corpus = Corpus("alphabet", "abcdefghijklmnopqrstuvwxyz", "text")
    samples = ["abcdefghijklmnopqrstuv", "abcdefghijklmnopqrst?", "short"]
    assert measure_novelty(samples, corpus) == Novelty(copied=4 / 5, known=None)
    assert measure_novelty(["short"], corpus) == Novelty(None, None)


def test_a_document_is_known_as_a_whole() -> None:
    corpus = Corpus("names", "emma\nanna\n", "documents")
    assert measure_novelty(["emma", "ann", "anna", "otto"], corpus) == Novelty(None, 0.5)


def test_distinct_n_counts_what_comes_twice_once() -> None:
    assert distinct_n([[1, 2, 3, 1, 2, 3], [1, 2, 3]], 3) == 3 / 5
    assert distinct_n([[1, 2]], 3) is None


@pytest.mark.parametrize("kind", ["scalar", "tensor"])
def test_the_surprisal_of_samples_is_the_loss_on_them(tiny: Any, kind: str) -> None:
    opened = open_model(tiny.trained(kind))
    prompt = opened.encode("an").tokens
    samples = [opened.tokenizer.encode("nab"), [], opened.tokenizer.encode("b")]
    logs = []
    for sample in samples:
        text = [*prompt, *sample]
        shares = opened.model(torch.tensor([text]))[0][0].double().log_softmax(-1)
        logs += [-shares[i - 1, text[i]].item() for i in range(len(prompt), len(text))]
    assert mean_surprisal(opened, prompt, samples) == pytest.approx(sum(logs) / 4)
    assert mean_surprisal(opened, prompt, [[]]) is None
