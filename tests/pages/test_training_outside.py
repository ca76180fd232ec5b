"""The Training page and a model that was trained elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from streamlit.testing.v1 import AppTest

from gpt.runs.library import list_runs
from gpt.runs.outside import adopt_model
from gpt.tensor.config import GPTConfig
from gpt.tensor.gpt2_layout import weights_to_gpt2
from gpt.tensor.models import build_model
from gpt.tensor.weights import export_weights
from tests.pages.opening import html, open_page, words


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A nanoGPT of three letters."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    config = GPTConfig(3, block_size=8, n_layer=1, n_head=2, n_embd=8)
    model = build_model(config, torch.Generator().manual_seed(1))
    weights = weights_to_gpt2(export_weights(model), config)
    save_file(
        {
            name: w.T.contiguous() if ".c_" in name else w
            for name, w in weights.items()
            if name != "lm_head.weight" and not name.endswith("bias")
        },
        folder / "model.safetensors",
    )
    (folder / "config.json").write_text(json.dumps({"n_head": 2, "block_size": 8}))
    (folder / "meta.json").write_text(json.dumps({"stoi": {"a": 0, "b": 1, "c": 2}}))
    return folder


def open_it(app: AppTest, source: str) -> None:
    app.text_input(key="adopted").set_value(source)
    next(each for each in app.button if each.label == "Open it").click()
    app.run()
    assert not app.exception


def test_a_model_is_opened_shown_and_can_be_deleted(folder: Path) -> None:
    app = open_page("training")
    open_it(app, str(folder / "nowhere at all"))
    assert any("There is no folder" in each.value for each in app.markdown)
    open_it(app, str(folder))
    (summary,) = list_runs().runs
    assert summary.run.name == "theirs"
    assert app.session_state["run"] == "theirs"
    assert not any("There is no folder" in each.value for each in app.markdown)
    assert f"theirs comes from outside: from\n        {folder}" in html(app)
    assert "n_layer 1, n_head 2, n_embd 8, block_size 8, vocab_size 3" in html(app)
    assert "from outside" in app.dataframe[0].value["state"].tolist()
    assert not app.slider, "there is no training to look back at"

    next(each for each in app.button if each.label == "Where its heads look").click()
    app.run()
    assert app.title[0].value == "Where does each head look?"
    assert app.selectbox(key="attention run").value == "theirs"
    assert set(app.text_area(key="attention text").value) <= set("abc")
    assert not app.exception
    app.switch_page("../pages/training.py").run()
    next(each for each in app.button if each.label == "Delete it").click()
    app.run()
    assert list_runs().runs == []


def test_a_link_to_a_run_that_ships_is_answered_with_its_report() -> None:
    app = open_page("training", run="shakespeare")
    assert "GPT on Tiny Shakespeare ships with the project." in html(app)
    assert "Report as HTML" in [each.label for each in app.get("download_button")]
    unknown = open_page("training", run="nobody*")
    assert "There is no run nobody\\* here." in words(unknown)


def test_what_is_not_known_of_a_run_is_a_dash_and_its_beginning_a_date(folder: Path) -> None:
    app = open_page("training")
    open_it(app, str(folder))
    table = app.dataframe[0]
    assert table.proto.placeholder == "–"
    assert table.value["preset"].isna().all()
    begun = table.value["begun"][0]
    assert begun.isoformat(timespec="microseconds") == list_runs().runs[0].config.created


def test_one_weight_says_why_a_model_from_outside_is_not_there(folder: Path) -> None:
    adopt_model(str(folder))
    app = open_page("weight", run="theirs")
    assert (
        "theirs cannot be shown here: it comes from outside, and how it was trained is not known."
        " Shown instead is Copying what came before." in words(app)
    )
