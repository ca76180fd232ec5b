"""The Training page without a browser: the runs that it shows, steers, brings in and deletes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import zipfile
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gpt.corpus.catalogue import load_corpus
from gpt.runs.archive import export_run
from gpt.runs.config import Origin
from gpt.runs.control import stop_run
from gpt.runs.library import create_run, find_run, list_runs
from gpt.runs.presets import PRESETS, configure
from gpt.runs.run import Run
from gpt.runs.session import train_run
from tests.pages import opening
from tests.pages.opening import HOME, html, press, words


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


open_page = partial(opening.open_page, "training")


def write_run(
    title: str = "A try", state: str = "finished", step: int = 3, **changes: object
) -> Run:
    """A run as a trainer would have left it after three steps."""
    corpus = load_corpus("eight-names")
    run = create_run(configure(PRESETS["eight-names"], corpus, changes, title=title), corpus)
    metrics = [
        {"step": each, "train_loss": 3.0 - each, "learning_rate": 0.01, "gradient_norm": 1.0}
        for each in (1, 2)
    ]
    run.metrics_file.write_text("".join(json.dumps(line) + "\n" for line in metrics))
    samples = [{"step": 0, "text": "xqz"}, {"step": 2, "text": "sophia"}]
    run.samples_file.write_text("".join(json.dumps(line) + "\n" for line in samples))
    status = {
        "state": state,
        "heartbeat": time.time(),
        "steps": 50,
        "step": step,
        "train_loss": 1.0,
        "message": "The loss became nan at step 4." if state == "failed" else None,
        "has_diverged": state == "failed",
    }
    run.status_file.write_text(json.dumps(status))
    return run


@pytest.fixture
def tiny_run() -> Run:
    """A run that has really learnt, for five steps."""
    corpus = load_corpus("eight-names")
    changes = {"steps": 5, "n_embd": 8, "n_head": 2, "inspection_interval": None}
    run = create_run(configure(PRESETS["eight-names"], corpus, changes, title="Tiny"), corpus)
    assert train_run(run).state == "finished"
    return run


def exported(run: Run) -> bytes:
    archive = BytesIO()
    export_run(run, archive)
    return archive.getvalue()


def bring_in(app: AppTest, contents: bytes) -> AppTest:
    uploader = next(each for each in app.file_uploader if each.label.startswith("Bring in"))
    uploader.set_value(("run.zip", contents, "application/zip")).run()
    assert not app.exception
    return app


def test_a_run_that_was_exported_is_brought_in_and_looked_at() -> None:
    contents = exported(write_run())
    app = bring_in(open_page(), contents)
    assert app.session_state.run == "a-try-2"
    assert find_run("a-try-2").config() == find_run("a-try").config()
    # Once: the next turn of the page brings in no third.
    app.run()
    assert len(list_runs().runs) == 2


def test_what_is_no_run_is_refused_beside_the_upload_and_forgotten_after_the_next() -> None:
    contents = exported(write_run())
    poisoned = BytesIO(contents)
    with zipfile.ZipFile(poisoned, "a") as archive:
        archive.writestr("../../evil.txt", "x")
    app = bring_in(open_page(), poisoned.getvalue())
    assert "holds '../../evil.txt', which is no part of a run." in words(app)
    assert len(list_runs().runs) == 1
    app = bring_in(app, contents)
    assert "no part of a run" not in words(app)
    assert len(list_runs().runs) == 2


def test_a_missing_corpus_offers_to_be_fetched_and_says_when_that_fails(monkeypatch) -> None:
    app = open_page(corpus="shakespeare")
    assert "is not on this machine yet" in words(app)
    assert app.get("file_uploader")

    def offline(*args: object, **options: object) -> None:
        raise OSError("no network in tests")

    monkeypatch.setattr("gpt.corpus.download.urlopen", offline)
    app = press(app, "Fetch it, 1.1 MB")
    assert "cannot be reached (no network in tests)" in words(app)


def test_a_finished_run_is_shown_with_its_loss_its_samples_and_nothing_to_steer() -> None:
    write_run()
    app = open_page()
    assert "finished" in html(app)
    assert ">1.0000<" in html(app)
    assert "sophia" in html(app)
    assert "xqz" in html(app)
    assert not {"Pause", "Resume", "Stop"} & set(labels(app))


def test_a_failed_run_says_why_and_can_be_tried_more_gently(started: list[str]) -> None:
    write_run(state="failed")
    app = open_page()
    assert "The loss became nan at step 4." in html(app)
    press(app, "Try at a learning rate of 0.0033")
    config = find_run(started[0]).config()
    assert config.training.learning_rate == pytest.approx(0.01 / 3)
    assert config.title == "A try, at 0.0033"


def test_a_run_that_failed_for_its_text_is_offered_no_remedy_that_cannot_help() -> None:
    corpus = load_corpus("eight-names")
    run = create_run(configure(PRESETS["copy"], corpus, title="Too short"), corpus)
    status = {"state": "failed", "heartbeat": 0.0, "steps": 400, "message": "The text has 48."}
    run.status_file.write_text(json.dumps(status))
    app = open_page()
    assert "The text has 48." in html(app)
    assert not {"Resume", "Set", "Schedule"} & set(labels(app))
    assert not any(label.startswith("Try at") for label in labels(app))
    # Any other failure may be mended, and the run goes on; but not by a lower learning rate.
    status["steps"] = 50
    write_run(state="stopped").status_file.write_text(json.dumps(status))
    app = open_page()
    assert "Resume" in labels(app)
    assert not any(label.startswith("Try at") for label in labels(app))


def test_the_learning_rate_that_is_shown_is_the_runs_until_another_is_typed() -> None:
    run = write_run(state="paused")
    app = open_page()
    assert app.text_input(key="rate a-try").placeholder == "0.01"
    with run.metrics_file.open("a") as metrics:
        metrics.write(json.dumps({"step": 3, "learning_rate": 0.0027}) + "\n")
    app.run()
    rate = app.text_input(key="rate a-try")
    assert (rate.value, rate.placeholder) == ("", "0.0027")
    rate.set_value("0.0005").run()
    app = press(app, "Set")
    assert app.text_input(key="rate a-try").value == "0.0005"
    app = press(app, "Schedule")
    assert app.text_input(key="rate a-try").value == ""
    commands = [json.loads(line)["value"] for line in run.commands_file.read_text().splitlines()]
    assert commands == [0.0005, None]


def test_from_a_run_every_page_opens_on_this_very_run(tiny_run: Run) -> None:
    titles = {
        "Its heads": ("attention run", "Where does each head look?"),
        "Inside": ("inside run", "Where is the answer decided?"),
        "One weight": ("weight run", "What happens to one weight in one step?"),
        "Then and now": ("compare run A", "What makes the difference?"),
        "Let it write": ("sampling run", "What comes next?"),
    }
    last = tiny_run.checkpoint("last")
    # By itself, Compare would begin near a tenth of it.
    shutil.copy(last.path, tiny_run.checkpoint_file(10 * last.step))
    steps = [each.step for each in tiny_run.checkpoints()]
    # First from a visit's first page, then from pages that have shown another run meanwhile.
    app = open_page(run=tiny_run.name)
    for name in (tiny_run.name, "second"):
        for label, (key, title) in titles.items():
            app.switch_page("../pages/training.py").run()
            app.selectbox(key="run").set_value(name).run()
            app = press(app, label)
            assert app.title[0].value == title
            assert app.selectbox(key=key).value == name
            if label == "Then and now":
                chosen = [app.selectbox(key=f"compare step {side}").value for side in "AB"]
                assert chosen == [steps[0], steps[-1]]
            assert "cannot be shown here" not in words(app)
        assert app.selectbox(key="sampling run").value == name
        if name == tiny_run.name:
            shutil.copytree(tiny_run.path, tiny_run.path.with_name("second"))


def test_a_run_without_weights_leads_nowhere_yet() -> None:
    write_run()
    app = open_page()
    ways = [button for button in app.button if button.label in ("Its heads", "Let it write")]
    assert [button.disabled for button in ways] == [True, True]


def test_a_finished_run_is_trained_on_as_a_new_run_from_its_weights(started: list[str]) -> None:
    run = write_run()
    press(open_page(), "Train on, as a new run")
    assert started == []
    run.checkpoint_file(50).write_bytes(b"weights")
    press(open_page(), "Train on, as a new run")
    config = find_run(started[0]).config()
    assert (config.title, config.origin) == ("A try, further", Origin("a-try", 50))
    assert find_run(started[0]).checkpoint_file(0).read_bytes() == b"weights"


def test_runs_of_one_title_are_told_apart_wherever_they_are_named() -> None:
    write_run()
    write_run()
    app = open_page(run="a-try", **{"with": "a-try-2"})
    assert app.selectbox(key="run").options == ["A try · 2", "A try · 1"]
    assert ">A try · 1</p>" in html(app)
    assert ">A try · 2</th>" in html(app)


def test_a_file_that_could_not_be_made_is_spoken_of_beside_its_button() -> None:
    write_run()
    app = open_page()
    download = app.session_state.downloads["a-try"][0]
    assert download.label == "Export as zip"
    download.mistake = "a-try cannot be exported: Input/output error."
    app.run()
    assert "a-try cannot be exported: Input/output error." in words(app)


def test_looking_back_shows_what_was_written_then() -> None:
    write_run()
    app = open_page()
    app.slider(key="moment a-try").set_value(1).run()
    there = html(app).split("<b>There</b>")[1].split("</figure>")[0]
    assert "xqz" in there


def test_the_handle_follows_the_newest_step_until_it_is_moved() -> None:
    run = write_run(state="paused")
    app = open_page()
    slider = app.slider(key="moment a-try")
    assert (slider.value, slider.max) == (3, 50)
    status = json.loads(run.status_file.read_text())
    for step in (7, 9):
        run.status_file.write_text(json.dumps(status | {"step": step}))
        app.run()
        assert app.slider(key="moment a-try").value == step
    assert "<b>Now</b>" in html(app)
    app.slider(key="moment a-try").set_value(1).run()
    run.status_file.write_text(json.dumps(status | {"step": 12}))
    app.run()
    assert app.slider(key="moment a-try").value == 1
    assert "<b>There</b>" in html(app)
    app.slider(key="moment a-try").set_value(50).run()
    assert app.slider(key="moment a-try").value == 12
    assert "<b>Now</b>" in html(app)


def test_before_its_first_step_there_is_nothing_to_look_back_at() -> None:
    write_run(state="failed", step=0)
    slider = open_page().slider(key="moment a-try")
    assert (slider.value, slider.disabled) == (0, True)


def test_an_address_leads_to_the_same_view() -> None:
    write_run("First")
    write_run("Second", n_embd=64)
    query = {"run": "first", "with": "second", "unit": "perplexity", "axes": "log step"}
    app = open_page(**query)
    assert app.session_state.run == "first"
    assert 'class="gpt-differs"><th scope="row">n_embd' in html(app)
    assert {name: app.query_params[name] for name in query} == query


def test_a_run_that_is_gone_from_the_address_gives_way_to_the_newest() -> None:
    write_run()
    assert open_page(run="../../etc").session_state.run == "a-try"


def test_runs_are_renamed_and_deleted() -> None:
    run = write_run()
    app = open_page()
    app.text_input(key="title of a-try").set_value("A better name").run()
    app = press(app, "Rename")
    assert run.config().title == "A better name"
    assert "A better name" in html(app)
    app = press(app, "Delete it")
    assert list_runs().runs == []
    assert "Nothing has been trained here yet" in html(app)


def test_an_unreadable_run_is_named_and_the_others_are_shown(runs: Path) -> None:
    write_run()
    (runs / "broken").mkdir()
    (runs / "broken" / "config.json").write_text("not JSON")
    app = open_page()
    assert "config.json is not JSON" in words(app)
    assert app.session_state.run == "a-try"


def test_a_file_in_the_place_of_the_folder_is_answered_wherever_it_is_needed(runs: Path) -> None:
    runs.write_text("I am a file")
    app = open_page(corpus="eight-names", preset="eight-names")
    assert words(app).count(f"{runs} cannot be read: Not a directory; let GPT_RUNS name") == 1
    app = press(app, "Train")
    app.run()
    assert f"{runs} cannot be written: Not a directory" in words(app)
    app = press(app, "Learn eight names by heart")
    assert f"{runs} cannot be written: Not a directory" in words(app)
    app = bring_in(app, b"anything")
    assert f"{runs} cannot be written: Not a directory" in words(app)
    assert runs.read_text() == "I am a file"


def test_a_learning_rate_that_is_none_is_answered_beside_it() -> None:
    write_run(state="failed")
    app = open_page()
    app.text_input(key="rate a-try").set_value("fast").run()
    app = press(app, "Set")
    assert "A learning rate is a number such as 0.001, not &#x27;fast&#x27;." in html(app)
    app.run()  # as a live page does of itself
    assert "A learning rate is a number such as 0.001" in html(app)
    app.text_input(key="rate a-try").set_value("-1").run()
    app = press(app, "Set")
    assert "A learning rate is a number from 0 up" in html(app)


def test_no_torch_on_the_way_to_the_first_paint() -> None:
    """In a process of its own, where no other test has imported it before."""
    write_run()
    script = f"""
import sys
from streamlit.testing.v1 import AppTest
at = AppTest.from_file({str(HOME)!r}, default_timeout=30).run()
at.switch_page("../pages/training.py").run()
assert not at.exception, at.exception
print(sorted({{"torch", "plotly.express"}} & set(sys.modules)))
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "[]"


def test_a_run_goes_through_its_life_and_is_found_again() -> None:
    """For real: a process is started, paused, resumed and stopped, and a new visit finds it."""
    app = open_page(corpus="eight-names", preset="eight-names")
    app.number_input(key="setting 0 eight-names steps").set_value(1_000_000).run()
    press(app, "Train")
    run = find_run("eight-names")
    try:
        wait_for(run, "running")
        app = press(open_page(), "Pause")
        wait_for(run, "paused")
        app = open_page()
        assert "paused" in html(app)
        app = press(app, "Resume")
        wait_for(run, "running")
        app.text_input(key="rate eight-names").set_value("0.0005").run()
        press(app, "Set")
        press(open_page(), "Stop")
        wait_for(run, "stopped")
    finally:
        if run.status().is_active:
            stop_run(run, "test")
    events = [json.loads(line) for line in run.events_file.read_text().splitlines()]
    assert [event["what"] for event in events if event["who"] == "page"] == [
        "pause",
        "resume",
        "learning_rate",
        "stop",
    ]
    assert "stopped" in html(open_page())


def wait_for(run: Run, state: str) -> None:
    deadline = time.monotonic() + 60
    while run.status().state != state:
        assert time.monotonic() < deadline, run.status()
        time.sleep(0.1)
