"""The neurons on the Inside page, on the run that ships."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import NumberInput

from explorer.models import model_at
from gpt.lens.neurons import neuron_activations, survey_neurons
from gpt.lens.opening import held_out_batches
from gpt.runs.demos import list_demos
from gpt.runs.run import Run

HOME = Path(__file__).parents[3] / "explorer" / "Home.py"
COPIED = "srti=euhwqkpm=euhwqkpm"
STEP = 1000


@pytest.fixture(autouse=True)
def no_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPT_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("GPT_DATA", str(tmp_path / "data"))


@pytest.fixture
def copy() -> Run:
    return next(each.run for each in list_demos().runs if each.run.name == "copy")


def open_page(run: str, text: str) -> AppTest:
    app = AppTest.from_file(str(HOME), default_timeout=90)
    for name, value in {"run": run, "text": text, "step": str(STEP)}.items():
        app.query_params[name] = value
    app.run()
    app.switch_page("../pages/inside.py").run()
    assert not app.exception
    return app


def field(app: AppTest, label: str) -> NumberInput:
    return next(each for each in app.number_input if each.label == label)


def html(app: AppTest) -> str:
    return "\n".join(element.proto.body for element in app.get("html"))


def surveyed(app: AppTest) -> str:
    """What the page says once the text held out has been read."""
    end = time.monotonic() + 60
    while "tokens of text held out" not in html(app):
        assert time.monotonic() < end
        time.sleep(0.2)
        app.run()
    return html(app)


def test_the_strongest_neuron_is_shown_with_its_strongest_moments(copy: Run) -> None:
    app = open_page("copy", COPIED)
    opened = model_at(copy, STEP)
    trace = opened.trace(opened.encode(COPIED).tokens)
    activations = neuron_activations(trace)[:, -1]
    layer, neuron = divmod(int(activations.argmax()), activations.shape[1])
    assert field(app, "Layer").value == layer
    assert field(app, "Neuron").value == neuron
    words = surveyed(app)
    windows = 8192 // opened.model.config.block_size
    batches = held_out_batches(copy.config(), copy.corpus(), windows=windows)
    survey = survey_neurons(opened.model, batches)
    assert f"In <b>{survey.n_tokens:,}</b> tokens" in words
    assert f"is above 0 at <b>{float(survey.active_share[layer, neuron]):.1%}</b>" in words
    shown = [float(value) for value in re.findall(r"<tr><td><b>([\d.]+)</b></td>", words)]
    assert shown == pytest.approx(survey.strongest[layer, neuron].tolist(), rel=1e-3)


def test_any_neuron_can_be_named(copy: Run) -> None:
    app = open_page("copy", COPIED)
    field(app, "Layer").set_value(1).run()
    field(app, "Neuron").set_value(200).run()
    assert not app.exception
    assert "Layer 1, 200 on this text" in html(app)
    table = app.dataframe[-1].value
    assert len(table) == 100
    here = table[table.columns[2]]
    assert (here.diff().dropna() <= 0).all()
    assert {"layer", "neuron", "speaks for", "speaks against"} <= set(table.columns)


def mistakes(app: AppTest) -> str:
    return " ".join(each.value for each in app.markdown)


def test_a_neuron_that_is_not_there_is_named_and_the_last_one_stays(copy: Run) -> None:
    app = open_page("copy", COPIED)
    field(app, "Layer").set_value(1).run()
    field(app, "Neuron").set_value(200).run()
    field(app, "Neuron").set_value(9999).run()
    assert "No layer has a neuron 9,999: they are 0 to 255. Shown is layer 1, 200." in mistakes(app)
    assert field(app, "Neuron").value == 200
    field(app, "Layer").set_value(-1).run()
    assert "This model has no layer -1: its layers are 0 to 1." in mistakes(app)
    field(app, "Layer").set_value(0).run()
    assert "Layer 0, 200 on this text" in html(app)
    assert "This model has no" not in mistakes(app)


def test_without_its_text_the_page_asks_for_it_and_shows_the_rest() -> None:
    app = open_page("shakespeare", "ROMEO:")
    assert any("is not on this machine yet" in each.value for each in app.markdown)
    assert "largest there" not in app.dataframe[-1].value.columns
    assert len(app.dataframe[-1].value) == 100
