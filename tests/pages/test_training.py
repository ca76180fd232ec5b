"""The Training page without a browser: what it starts, steers, shows and refuses."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import explorer.measures
from gpt.corpus.catalogue import load_corpus
from gpt.runs.archive import export_run
from gpt.runs.config import Origin, RunError
from gpt.runs.control import stop_run
from gpt.runs.library import create_run, find_run, list_runs
from gpt.runs.presets import PRESETS, configure
from gpt.runs.run import Run

HOME = Path(__file__).parents[2] / "explorer" / "Home.py"


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch) -> Path:
    """A shelf of runs of its own, no downloads, and no measuring of this machine."""

    def refuse(*args: object, **options: object) -> None:
        raise RunError("Not measured in tests.")

    monkeypatch.setenv("GPT_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("GPT_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(explorer.measures, "measure_pace", refuse)
    return tmp_path / "runs"


@pytest.fixture
def started(monkeypatch) -> list[str]:
    """The runs that would have been started."""
    names: list[str] = []

    def note(run: Run) -> None:
        names.append(run.name)

    monkeypatch.setattr("explorer.run_steering.start_run", note)
    return names


def open_page(**query: str) -> AppTest:
    app = AppTest.from_file(str(HOME), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    app.switch_page("../pages/training.py").run()
    assert not app.exception
    return app


def html(app: AppTest) -> str:
    return " ".join(element.proto.body for element in app.get("html"))


def words(app: AppTest) -> str:
    return " ".join(element.value for element in app.markdown)


def press(app: AppTest, label: str) -> AppTest:
    button = next(button for button in app.button if button.label == label)
    app = button.click().run()
    assert not app.exception
    return app


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


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
    }
    run.status_file.write_text(json.dumps(status))
    return run


def test_before_any_training_there_is_a_button_that_begins(started: list[str]) -> None:
    app = open_page()
    assert app.title[0].value == "How does a GPT learn?"
    assert "Nothing has been trained here yet" in html(app)
    app = press(app, "Train eight names, over in seconds")
    assert started == ["eight-names"]
    assert find_run("eight-names").config().training.steps == 50
    assert app.session_state.run == "eight-names"


def test_a_text_can_be_cut_into_byte_pairs(started: list[str]) -> None:
    app = open_page(corpus="eight-names", preset="eight-names")
    size = app.number_input(key="setting 0 eight-names vocab_size")
    assert (size.value, size.disabled) == (512, True)
    app.selectbox(key="setting 0 eight-names tokenizer").set_value("bpe").run()
    assert not app.number_input(key="setting 0 eight-names vocab_size").disabled
    app.number_input(key="setting 0 eight-names vocab_size").set_value(5).run()
    assert "A vocabulary of 5 tokens is too small: this text takes at least 14" in words(app)
    app.number_input(key="setting 0 eight-names vocab_size").set_value(20).run()
    press(app, "Train")
    config = find_run(started[0]).config()
    assert config.tokenizer_settings.to_dict() == {"tokenizer": "bpe", "vocab_size": 20}
    # Back to characters, the size that was set is no longer asked about.
    app.selectbox(key="setting 0 eight-names tokenizer").set_value("characters").run()
    press(app, "Train")
    assert find_run(started[1]).config().tokenizer == load_corpus("eight-names").tokenizer


def test_a_task_is_shown_with_its_answers(started: list[str]) -> None:
    corpus = load_corpus("copy")
    run = create_run(configure(PRESETS["copy"], corpus), corpus)
    metrics = {"step": 0, "validation_loss": 3.3, "validation_accuracy": 0.5}
    run.metrics_file.write_text(json.dumps(metrics) + "\n")
    run.samples_file.write_text(json.dumps({"step": 0, "text": "ab=cd=cd ✓\na=bc=ba ✗"}) + "\n")
    status = {"state": "stopped", "heartbeat": 0.0, "steps": 50, "validation_accuracy": 0.5}
    run.status_file.write_text(json.dumps(status))
    app = open_page(corpus="copy", preset="copy", run=run.name)
    assert "What it answers" in [header.value for header in app.header]
    assert "<b>✓</b><span>ab=cd=cd</span>" in html(app)
    assert "<b>✗</b><span>a=bc=ba</span>" in html(app)
    assert "<th scope='row'>tokens right</th><td>50.0%</td>" in html(app)


def test_every_setting_is_a_field_of_the_configuration(started: list[str]) -> None:
    app = open_page(corpus="eight-names", preset="eight-names")
    app.number_input(key="setting 0 eight-names n_embd").set_value(64).run()
    app.number_input(key="setting 0 eight-names steps").set_value(7).run()
    app.text_input(key="title").set_value("Wider").run()
    app = press(app, "Train")
    (name,) = started
    config = find_run(name).config()
    assert (config.title, config.model.n_embd, config.training.steps) == ("Wider", 64, 7)
    assert config.training.learning_rate == PRESETS["eight-names"].training.learning_rate


def test_settings_that_follow_others_are_seen_to_follow_until_they_are_touched(
    started: list[str],
) -> None:
    app = open_page(corpus="names", preset="nanogpt-cpu")
    assert app.number_input(key="setting 0 nanogpt-cpu warmup_steps").value == 100
    app.number_input(key="setting 0 nanogpt-cpu steps").set_value(300).run()
    app.number_input(key="setting 0 nanogpt-cpu learning_rate").set_value(5e-4).run()
    app.number_input(key="setting 0 nanogpt-cpu evaluation_interval").set_value(30).run()
    assert app.number_input(key="setting 0 nanogpt-cpu warmup_steps").value == 30
    assert app.number_input(key="setting 0 nanogpt-cpu minimum_learning_rate").value == 5e-5
    assert app.number_input(key="setting 0 nanogpt-cpu sample_interval").value == 30
    app.number_input(key="setting 0 nanogpt-cpu warmup_steps").set_value(7).run()
    app.number_input(key="setting 0 nanogpt-cpu steps").set_value(200).run()
    assert app.number_input(key="setting 0 nanogpt-cpu warmup_steps").value == 7
    press(app, "Train")
    training = find_run(started[0]).config().training
    assert (training.steps, training.warmup_steps) == (200, 7)
    assert training.minimum_learning_rate == 5e-5


def test_every_model_is_estimated_when_asked() -> None:
    app = open_page(corpus="names", preset="microgpt")
    assert "not measured here yet" not in html(app)
    app.session_state.takes = True
    app.run()
    assert html(app).count("not measured here yet") == len(PRESETS)
    assert f">{PRESETS['gpt-small'].title}<" in html(app)
    app = press(app, "Measure the others")
    deadline = time.monotonic() + 20
    while "taking a few steps" in html(app) and time.monotonic() < deadline:
        app.run()
    assert html(app).count("Not measured in tests.") >= len(PRESETS)


def test_an_impossible_setting_is_answered_in_a_sentence(started: list[str]) -> None:
    app = open_page(corpus="eight-names", preset="eight-names")
    app.number_input(key="setting 0 eight-names n_head").set_value(5).run()
    assert "n_embd (32) must be a multiple of n_head (5)" in words(app)
    (train,) = (button for button in app.button if button.label == "Train")
    assert train.disabled


def test_a_scalar_model_does_not_learn_running_text() -> None:
    app = open_page(corpus="names", preset="microgpt")
    assert not next(button for button in app.button if button.label == "Train").disabled
    app.selectbox(key="corpus").set_value("own").run()
    app.text_area(key="pasted").set_value("So shaken as we are, so wan with care. " * 9).run()
    assert "learns documents, one a line" in words(app)


@pytest.mark.parametrize(
    ("text", "answer"),
    [("too short", "too short"), ("   \n " * 50, "nothing but white space")],
)
def test_a_text_that_cannot_serve_is_refused_with_the_reason(text: str, answer: str) -> None:
    app = open_page()
    app.selectbox(key="corpus").set_value("own").run()
    app.text_area(key="pasted").set_value(text).run()
    assert answer in words(app)
    assert not app.exception


def test_ones_own_text_is_trained_on_and_kept_with_the_run(started: list[str]) -> None:
    verse = "Shall I compare thee to a summer's day?\nThou art more lovely. " * 4
    app = open_page()
    app.selectbox(key="corpus").set_value("own").run()
    app.text_area(key="pasted").set_value(verse).run()
    press(app, "Train")
    assert find_run(started[0]).corpus().text == verse


def upload_text(app: AppTest, name: str, contents: bytes) -> AppTest:
    app.selectbox(key="corpus").set_value("own").run()
    app.file_uploader(key="uploaded").set_value((name, contents, "text/plain")).run()
    assert not app.exception
    return app


def test_an_uploaded_text_is_trained_on_under_its_own_name(started: list[str]) -> None:
    verse = "Shall I compare thee to a summer's day?\r\nThou art more lovely. " * 4
    app = upload_text(open_page(), "sonnet.txt", b"\xef\xbb\xbf" + verse.encode())
    press(app, "Train")
    run = find_run(started[0])
    assert run.config().title == "gpt-small on sonnet.txt"
    assert run.corpus().text == verse.replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("contents", "answer"),
    [
        (b"", "verse.txt is empty"),
        ("Shall I compare thee? ".encode("utf-16") * 9, "verse.txt is encoded as UTF-16"),
        ("Füße ".encode("latin-1") * 40, "verse.txt is not UTF-8: byte 0xFC in line 1"),
        (b"verse\0" * 40, "verse.txt is not plain text: byte 6 is NUL"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" * 20, "verse.txt is not plain text: byte 9 is NUL"),
    ],
)
def test_an_upload_that_is_no_text_is_refused_with_the_reason(contents: bytes, answer: str) -> None:
    app = upload_text(open_page(), "verse.txt", contents)
    assert answer in words(app)
    assert next(button for button in app.button if button.label == "Train").disabled


def test_only_the_right_file_takes_the_place_of_a_missing_corpus() -> None:
    app = open_page(corpus="shakespeare")
    uploader = app.file_uploader(key="upload of shakespeare")
    uploader.set_value(("input.txt", b"To be, or not to be. " * 9, "text/plain")).run()
    assert "This file is not Tiny Shakespeare, for its SHA-256 is another" in words(app)


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
