import gc
import math
import random
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from types import ModuleType

import pytest

from gpt.corpus.tokenizer import CharTokenizer
from gpt.scalar.adam import AdamSettings
from gpt.scalar.functions import cross_entropy, softmax
from gpt.scalar.model import Config, as_numbers, empty_cache, forward, initialise
from gpt.scalar.sample import sample
from gpt.scalar.train import (
    Report,
    TrainingState,
    document_loss,
    initial_training_state,
    train,
    train_step,
    validation_loss,
)

SMALL = Config(vocab_size=5, n_layer=2, n_embd=4, block_size=6, n_head=2)
DOCUMENTS = [[4, 0, 1, 4], [4, 2, 2, 3, 0, 4], [4, 1, 4], [4, 3, 2, 1, 0, 0, 1, 2, 4]]


def small_run(steps: int = 12, state: TrainingState | None = None) -> Iterator[Report]:
    state = state or initial_training_state(SMALL, random.Random(7))
    return train(SMALL, state, DOCUMENTS, steps=steps)


def numbers(state: TrainingState) -> object:
    return as_numbers(state.weights), state.adam


def shuffled(documents: Sequence[str], rng: random.Random) -> tuple[list[list[int]], Config]:
    """MicroGPT's documents and model, its first draws from `rng` taken."""
    order = list(documents)
    rng.shuffle(order)
    tokenizer = CharTokenizer.from_documents(order)
    tokens = [tokenizer.encode_document(document) for document in order]
    return tokens, Config(vocab_size=tokenizer.vocab_size)


@pytest.fixture(scope="session")
def losses_on_names(names: Sequence[str]) -> list[float]:
    rng = random.Random(42)
    tokens, config = shuffled(names, rng)
    assert config.vocab_size == 27
    state = initial_training_state(config, rng)
    assert len(state.adam.m) == 4192
    return [report.loss for report in islice(train(config, state, tokens), 100)]


def test_the_first_losses_on_the_names_are_microgpts(losses_on_names: list[float]) -> None:
    assert [f"{loss:.4f}" for loss in losses_on_names[:4]] == [
        "3.3660",
        "3.4243",
        "3.1778",
        "3.0664",
    ]


def test_at_each_of_100_steps_the_loss_of_the_plain_way(
    losses_on_names: list[float], plain_losses_on_names: list[float]
) -> None:
    """Half a minute, nearly all of it the plain way's."""
    assert len(plain_losses_on_names) == 100
    assert losses_on_names == pytest.approx(plain_losses_on_names, rel=0, abs=1e-6)


@pytest.mark.parametrize(("n_layer", "n_embd", "n_head"), [(2, 6, 3), (1, 4, 1)])
def test_at_other_sizes_too_the_loss_of_the_plain_way(
    plain_microgpt: ModuleType,
    first_losses: Callable[[Iterator[float], int], list[float]],
    n_layer: int,
    n_embd: int,
    n_head: int,
) -> None:
    class Plain(plain_microgpt.PlainMicroGPT):  # type: ignore[misc, name-defined]
        pass

    Plain.n_layer, Plain.n_embd, Plain.block_size, Plain.n_head = n_layer, n_embd, 5, n_head
    documents = ["ada", "bo", "cleopatra", "dea"]
    plain = first_losses(Plain(documents, seed=3).train(20), 8)
    rng = random.Random(3)
    tokens, config = shuffled(documents, rng)
    config = Config(config.vocab_size, n_layer, n_embd, 5, n_head)
    reports = train(config, initial_training_state(config, rng), tokens, steps=20)
    assert [report.loss for report in islice(reports, 8)] == pytest.approx(plain, abs=1e-12)


def test_a_loss_is_the_mean_surprise_at_each_token() -> None:
    weights = initialise(SMALL, random.Random(0), std=0.5)
    document = [4, 2, 0, 4]
    cache = empty_cache(SMALL)
    surprises = []
    for position in range(3):
        logits, cache = forward(SMALL, weights, document[position], position, cache)
        surprises.append(-math.log(softmax(logits)[document[position + 1]]))
    loss = document_loss(SMALL, weights, document)
    assert loss == pytest.approx(sum(surprises) / 3, rel=1e-14)


def test_only_the_first_block_of_a_document_counts() -> None:
    weights = initialise(SMALL, random.Random(0))
    document = [4, 3, 2, 1, 0, 0, 1, 2, 4]
    assert document_loss(SMALL, weights, document) == document_loss(SMALL, weights, document[:7])
    assert document_loss(SMALL, weights, document) != document_loss(SMALL, weights, document[:6])


def test_losses_of_documents_are_weighted_by_their_tokens() -> None:
    weights = initialise(SMALL, random.Random(0), std=0.5)
    short, long = document_loss(SMALL, weights, [4, 1, 4]), document_loss(SMALL, weights, [4, 2, 2])
    expected = (2 * short + 2 * long + 6 * document_loss(SMALL, weights, DOCUMENTS[3])) / 10
    loss = validation_loss(SMALL, weights, [[4, 1, 4], [4, 2, 2], DOCUMENTS[3]])
    assert loss == pytest.approx(expected, rel=1e-14)


def test_the_traces_of_a_document_hear_of_their_own_position() -> None:
    heard: list[dict[str, list[float]]] = [{} for _ in range(3)]
    traces = [one.__setitem__ for one in heard]
    weights = initialise(SMALL, random.Random(0))
    loss = document_loss(SMALL, weights, [4, 2, 0, 4], traces=traces)
    assert loss == pytest.approx(sum(one["loss"][0] for one in heard) / 3)
    assert [len(one["blocks.1.attn.heads.0.pattern"]) for one in heard] == [1, 2, 3]
    assert heard[1]["loss"][0] == cross_entropy(heard[1]["logits"], 0)


def test_what_a_report_says() -> None:
    state = initial_training_state(SMALL, random.Random(7))
    reports = list(small_run())
    assert [report.step for report in reports] == list(range(1, 13))
    assert [report.learning_rate for report in reports] == pytest.approx(
        [0.01 * (1 - step / 12) for step in range(12)]
    )
    assert reports[0].loss == document_loss(SMALL, as_numbers(state.weights), DOCUMENTS[0])
    moved = as_numbers(reports[3].state.weights)
    assert reports[4].loss == document_loss(SMALL, moved, DOCUMENTS[0])
    assert reports[5].loss == document_loss(
        SMALL, as_numbers(reports[4].state.weights), DOCUMENTS[1]
    )
    assert all(report.state.step == report.step for report in reports)
    assert {id for id in reports[0].gradients if isinstance(id, tuple) and id[0] == "wte"} == {
        ("wte", token, column) for token in (4, 0, 1) for column in range(4)
    }


def test_a_small_step_downhill_lowers_the_loss_by_as_much_as_the_gradient_says() -> None:
    state = initial_training_state(SMALL, random.Random(7))
    report = train_step(SMALL, state, DOCUMENTS[1], learning_rate=1e-6)
    before, after = as_numbers(state.weights), as_numbers(report.state.weights)
    promised = sum(
        report.gradients.get((name, i, j), 0.0) * (after[name][i][j] - weight)
        for name, rows in before.items()
        for i, row in enumerate(rows)
        for j, weight in enumerate(row)
    )
    change = document_loss(SMALL, after, DOCUMENTS[1]) - report.loss
    assert change == pytest.approx(promised, rel=1e-3)
    assert change < 0


def test_training_learns() -> None:
    state = initial_training_state(SMALL, random.Random(7))
    before = validation_loss(SMALL, as_numbers(state.weights), DOCUMENTS)
    *_, last = train(SMALL, state, DOCUMENTS, steps=150, learning_rate=0.03)
    after = validation_loss(SMALL, as_numbers(last.state.weights), DOCUMENTS)
    assert before == pytest.approx(math.log(5), abs=0.1)
    assert after < 0.5 * before


def test_the_same_seed_gives_the_same_run() -> None:
    first, second = list(small_run()), list(small_run())
    assert [report.loss for report in first] == [report.loss for report in second]
    assert numbers(first[-1].state) == numbers(second[-1].state)
    other = train(SMALL, initial_training_state(SMALL, random.Random(8)), DOCUMENTS, steps=12)
    assert next(other).loss != first[0].loss


def test_a_resumed_run_goes_on_as_if_nothing_had_happened() -> None:
    whole = list(small_run())
    stopped = whole[4].state
    resumed = list(small_run(state=stopped))
    assert [report.step for report in resumed] == list(range(6, 13))
    assert [r.loss for r in resumed] == [r.loss for r in whole[5:]]
    assert [r.learning_rate for r in resumed] == [r.learning_rate for r in whole[5:]]
    assert numbers(resumed[-1].state) == numbers(whole[-1].state)


def test_an_earlier_state_is_not_written_to() -> None:
    reports = small_run()
    first = next(reports)
    before = numbers(first.state)
    copy = ({name: [list(r) for r in rows] for name, rows in before[0].items()}, before[1])
    list(reports)
    assert numbers(first.state) == copy


def test_the_settings_of_adam_are_heeded() -> None:
    state = initial_training_state(SMALL, random.Random(7))
    runs = (
        train(SMALL, state, DOCUMENTS, steps=3, settings=settings)
        for settings in (AdamSettings(), AdamSettings(beta1=0.5))
    )
    ours, other = ([report.loss for report in run] for run in runs)
    assert ours[:2] == other[:2]  # the first step has the size of the learning rate in any case
    assert ours[2] != other[2]


def test_nothing_touches_the_global_random_numbers() -> None:
    random.seed(0)
    before = random.getstate()
    *_, last = small_run(steps=3)
    list(sample(SMALL, as_numbers(last.state.weights), 4, random.Random(0)))
    assert random.getstate() == before


@pytest.mark.usefixtures("cycle_collector_off")
def test_memory_stays_flat_without_the_cycle_collector() -> None:
    state = initial_training_state(SMALL, random.Random(7))
    reports = train(SMALL, state, DOCUMENTS[:1], steps=20)
    counts = [len(gc.get_objects()) for _ in reports]
    assert counts[-1] == counts[5]


@pytest.mark.parametrize("is_enabled", [True, False])
def test_the_cycle_collector_is_left_as_it_was(is_enabled: bool) -> None:
    (gc.enable if is_enabled else gc.disable)()
    try:
        next(small_run())
        assert gc.isenabled() == is_enabled
        with pytest.raises(IndexError):
            train_step(SMALL, initial_training_state(SMALL, random.Random(7)), [9, 9], 0.1)
        assert gc.isenabled() == is_enabled
    finally:
        gc.enable()
