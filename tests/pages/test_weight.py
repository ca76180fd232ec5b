"""The page about one weight without a browser, on runs of tensors and of plain numbers."""

from __future__ import annotations

import re
from functools import partial

import pytest

from explorer.weight import moving
from gpt.corpus.catalogue import load_corpus
from gpt.corpus.corpus import Corpus
from gpt.lens.loss_along_weight import LossAlongWeight
from gpt.lens.next_step import prepare_step
from gpt.lens.weight_step import take_step
from gpt.runs.library import create_run
from gpt.runs.presets import PRESETS, configure
from gpt.runs.run import Run
from gpt.runs.session import train_run
from tests.pages import opening
from tests.pages.opening import html, press, words

open_page = partial(opening.open_page, "weight")
MATRIX = "blocks.1.attn.query.weight"


def number_after(said: str, text: str) -> float:
    found = re.search(re.escape(said) + r"\s*<b[^>]*>([^<]+)</b>", text)
    assert found, said
    return float(found[1].replace("−", "-"))


def test_the_first_visit_shows_a_step_that_the_run_took() -> None:
    app = open_page()
    assert app.title[0].value == "What happens to one weight in one step?"
    assert app.selectbox(key="weight run").value == "copy"
    assert app.selectbox(key="weight step").value == 826
    shown = html(app)
    assert "<b>Step 827</b> reads 64 × 29 tokens" in shown
    measured, recorded = (
        number_after(each, shown) for each in ("The loss on this batch is", "wrote down")
    )
    assert abs(measured - recorded) < 1e-4
    assert "the optimiser is fresh" in shown
    assert app.query_params["matrix"] == "embeddings.token.weight"


def test_a_link_leads_to_the_weight_and_its_numbers_are_the_step_s(copy: Run) -> None:
    app = open_page(run="copy", step="298", matrix=MATRIX, row="3", column="60")
    assert app.number_input(key="weight row").value == 3
    step = take_step(prepare_step(copy, 298, copy.corpus()), MATRIX)
    shown = html(app)
    gradient = step.gradient[3, 60].item()
    assert number_after("autograd says", shown) == pytest.approx(gradient, rel=1e-5)
    assert number_after("Their sum is", shown) == pytest.approx(gradient, rel=1e-5)
    assert number_after("AdamW leaves", shown) == pytest.approx(step.after[3, 60].item(), rel=1e-5)
    assert "The weight is how input 60 counts for output 3." in shown


def test_another_row_is_another_weight_and_another_matrix_another_place(copy: Run) -> None:
    app = open_page(run="copy", step="298", matrix=MATRIX, row="3", column="60")
    app.number_input(key="weight row").set_value(9).run()
    assert (app.query_params["row"], app.query_params["column"]) == ("9", "60")
    app.selectbox(key="weight matrix").set_value("ln_f.weight").run()
    assert not app.exception
    step = take_step(prepare_step(copy, 298, copy.corpus()), "ln_f.weight")
    assert app.query_params["column"] == str(int(step.gradient.abs().argmax()))
    assert app.number_input(key="weight row").disabled


def test_a_row_that_the_matrix_does_not_have_is_told_and_leaves_the_weight() -> None:
    app = open_page(run="copy", step="298", matrix=MATRIX, row="900", column="2")
    told = "This matrix has no row 900: its rows are 0 to 63. Shown is row 0."
    assert told in words(app)
    app.number_input(key="weight row").set_value(5).run()
    app.number_input(key="weight column").set_value(-1).run()
    told = "This matrix has no column −1: its columns are 0 to 63. Shown is column 2."
    assert told in words(app)
    app.number_input(key="weight row").set_value(12.7).run()
    assert "This matrix has no row 12.7: its rows are 0 to 63. Shown is row 5." in words(app)
    app.number_input(key="weight row").set_value(None).run()
    told = "No row is given; this matrix's rows are 0 to 63. Shown is row 5."
    assert told in words(app)
    app.number_input(key="weight row").set_value(5).run()
    assert (app.query_params["row"], app.query_params["column"]) == ("5", "2")
    app.number_input(key="weight column").set_value(9).run()
    assert "This matrix has no" not in words(app)


VIEW = {
    "run": "copy",
    "step": "298",
    "matrix": MATRIX,
    "row": "3",
    "column": "60",
    "show": "gradient",
    "pinned": "12.7",
    "reach": "near",
    "hand": "0.75",
    "text": "abcd=ab",
}


def test_a_link_holds_the_whole_view() -> None:
    app = open_page(**VIEW)
    assert app.query_params == VIEW
    shown = html(app)
    assert "at position 7 of example 12" in shown
    by_hand = shown[shown.index("batch loss off the curve") :]
    assert number_after("with the weight", by_hand) == 0.75
    assert app.text_input(key="weight text").value == "abcd=ab"
    app.switch_page("../pages/home.py").run()
    app.switch_page("../pages/weight.py").run()
    assert not app.exception
    assert (app.query_params["row"], app.query_params["show"]) == ("3", "gradient")


def test_an_empty_text_stays_empty_in_a_link() -> None:
    app = open_page(run="copy", text="abcd=ab")
    app.text_input(key="weight text").set_value("").run()
    assert app.query_params["text"] == ""
    opened = open_page(run="copy", text="")
    assert opened.text_input(key="weight text").value == ""


def test_what_a_fresh_optimiser_s_update_differs_from_is_told() -> None:
    assert "the one that the run made" in html(open_page(run="copy", step="826"))
    assert "the run, which is over, made no such update" in html(open_page(run="copy", step="1000"))


def test_nonsense_in_a_link_is_told() -> None:
    nonsense = {
        "step": "7",
        "row": "x",
        "show": "all",
        "reach": "1",
        "pinned": "0.0",
        "hand": "inf",
    }
    app = open_page(run="copy", matrix="blocks.9", column="2", use="none", **nonsense)
    (told,) = (each.value for each in app.markdown if "In the link" in each.value)
    assert told.count("In the link") == len(nonsense) + 3
    assert "In the link, hand is “inf”, which is not here. It is left out." in told
    assert set(app.query_params) == {"run", "step", "matrix", "row", "column"}


@pytest.mark.parametrize(
    ("matrix", "meaning"),
    [
        ("embeddings.token.weight", 'Row 27 is the token <span class="gpt-token">⊢</span>'),
        (
            "embeddings.position.weight",
            "Row 27 is position 28 of a text; the weight is its channel 63.",
        ),
        ("lm_head.weight", 'how channel 63 counts for the logit of <span class="gpt-token">⊢'),
        ("blocks.0.mlp.projection.weight", "how input 63 counts for output 27"),
        ("ln_f.weight", "The weight is that of channel 63."),
    ],
)
def test_the_page_says_what_row_and_column_stand_for(matrix: str, meaning: str) -> None:
    assert meaning in html(open_page(run="copy", step="0", matrix=matrix, row="27", column="63"))


def test_before_the_first_step_the_memory_is_rightly_empty() -> None:
    app = open_page()
    app.button[0].click().run()  # the very first step
    assert not app.exception
    assert app.query_params["step"] == "0"
    assert "Before the first step the optimiser remembers nothing" in html(app)


def test_far_up_the_slope_the_loss_has_risen() -> None:
    app = open_page()
    press(app, "Trust the slope too far")
    shown = html(app)
    by_hand = shown[shown.index("batch loss by hand") :]
    assert number_after("change of the loss", by_hand) > 0.03
    assert number_after("by the slope alone", by_hand) < -0.02


def test_a_text_that_is_not_here_is_asked_for() -> None:
    app = open_page(run="shakespeare")
    assert "is not on this machine yet" in words(app)


def test_plain_numbers_are_followed_too() -> None:
    names = "\n".join(load_corpus("names").documents[::400])
    corpus = Corpus("tiny-names", names, "documents")
    settings = {"steps": 6, "n_embd": 4, "n_head": 2, "block_size": 6, "checkpoints": 3}
    run = create_run(configure(PRESETS["microgpt"], corpus, settings, title="numbers"), corpus)
    train_run(run)
    app = open_page(run="numbers", step="6", matrix="layer0.attn_wq")
    shown = html(app)
    assert "gpt.scalar, number by number, says" in shown
    assert "gpt.scalar's Adam" in shown and "m and v are the run's own" in shown
    assert "Its learning rate is 0, so nothing would move" in shown


def test_a_link_without_a_column_opens_where_the_gradient_is_largest() -> None:
    app = open_page(run="copy", step="298", matrix="embeddings.token.weight", row="6")
    assert not app.exception
    assert app.query_params["column"].isdecimal()


def test_a_curve_that_takes_long_waits_to_be_asked_for_and_is_begun_only_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passes: list[float] = []
    measure = LossAlongWeight.quick_loss_at

    def count(along: LossAlongWeight, value: float) -> float:
        passes.append(value)
        return measure(along, value)

    monkeypatch.setattr(moving, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(LossAlongWeight, "quick_loss_at", count)
    app = open_page(run="copy")
    assert len(passes) == 2
    app.run()
    assert len(passes) == 2
    next(each for each in app.button if each.label.startswith("Measure the loss")).click().run()
    assert len(passes) >= moving.POINTS[0]
    assert len(set(passes)) == len(passes)
    assert app.text_input(key="weight text").value


def test_something_to_try_puts_the_hand_where_it_says_wherever_it_was_before() -> None:
    app = open_page(run="copy", step="33", matrix="lm_head.weight", row="1", column="2", hand="-40")
    assert app.query_params["hand"] == "-40.0"
    press(app, "Trust the slope too far")
    assert app.query_params["hand"] == "6.0"
