"""`train`, `resume`, `eval` and `runs`, as somebody types them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from gpt.runs.journal import read_records
from gpt.runs.library import find_run, list_runs
from gpt.runs.process import own_process
from gpt.runs.status import Status

# The scalar GPT starts at once; three documents are held out of thirty-two.
TINY = (
    "--preset", "microgpt", "--n-embd", "4", "--n-head", "2", "--block-size", "6",
    "--evaluation-interval", "5", "--sample-tokens", "3",
)  # fmt: skip


@pytest.fixture
def names(tmp_path: Path) -> Path:
    path = tmp_path / "names.txt"
    path.write_text("ann\nben\ncleo\ndora\nemil\nfay\ngus\nhope\n" * 4)
    return path


def test_eight_names_are_over_in_seconds_and_learnt(gpt: Any) -> None:
    answer = gpt("train", "--preset", "eight-names", "--json")
    assert answer.returncode == 0, answer.stderr
    lines = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [line["step"] for line in lines] == list(range(1, 51))
    assert lines[-1]["train_loss"] < 1.2 < 2.5 < lines[0]["train_loss"]
    assert read_records(find_run("eight-names").metrics_file) == lines


def test_a_run_is_trained_listed_and_evaluated(gpt: Any, names: Path, tmp_path: Path) -> None:
    path = tmp_path / "runs" / "mine"
    answer = gpt("train", "--corpus", names, "--run", path, "--steps", 12, "--seed", 3, *TINY)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("mine: finished after step 12 in ")
    config = find_run("mine").config()
    assert (config.training.steps, config.training.seed, config.model.n_embd) == (12, 3, 4)
    assert (config.corpus.name, config.corpus.kind) == ("names.txt", "documents")

    header, row, *_shipped = gpt("runs").stdout.splitlines()
    assert header.split() == [
        "run", "state", "step", "validation", "best", "corpus", "parameters",
    ]  # fmt: skip
    assert row.split()[:3] == ["mine", "finished", "12/12"]
    listed = json.loads(gpt("runs", "--json").stdout.splitlines()[0])
    assert (listed["name"], listed["status"]["state"]) == ("mine", "finished")
    assert listed["config"] == config.to_dict()

    (best,) = (c.step for c in find_run("mine").checkpoints() if c.is_best)
    evaluated = json.loads(gpt("eval", "mine", "--step", "best", "--json").stdout)
    assert evaluated["step"] == best
    assert evaluated["baselines"].keys() == {"uniform", "unigram", "bigram"}
    shown = gpt("eval", path, "--step", best).stdout
    assert f"model    {evaluated['loss']:.4f}" in shown


def test_a_task_is_trained_and_evaluated_on_its_answers(gpt: Any) -> None:
    tiny = ("--n-layer", 1, "--n-embd", 8, "--batch-size", 4, "--steps", 4)
    answer = gpt("train", "--preset", "sort", "--corpus", "sort", "--title", "mine", *tiny)
    assert answer.returncode == 0, answer.stderr
    assert "of the answers' tokens right" in answer.stdout
    evaluated = json.loads(gpt("eval", "mine", "--json").stdout)
    assert evaluated["baselines"] is None
    assert evaluated["answers"].keys() == {"floor", "accuracy", "exact_match"}
    assert evaluated["answers"]["floor"] == 0
    shown = gpt("eval", "mine").stdout
    assert "on all of the answers held out" in shown
    assert "floor    0.0000  the best possible" in shown
    assert f"{evaluated['answers']['accuracy']:.2%} of their tokens are right" in shown


def test_a_text_is_cut_into_byte_pairs(gpt: Any, names: Path) -> None:
    bpe = ("--tokenizer", "bpe", "--vocab-size", 20)
    answer = gpt("train", "--corpus", names, "--title", "mine", "--steps", 4, *bpe, *TINY)
    assert answer.returncode == 0, answer.stderr
    tokenizer = find_run("mine").config().to_dict()["tokenizer"]
    assert (tokenizer["kind"], tokenizer["has_bos"]) == ("bpe", True)
    assert tokenizer["characters"] == "abcdefghilmnoprsuy"
    # Eighteen letters and BOS leave room for one pair.
    (pair,) = tokenizer["merges"]
    assert "".join(pair) in names.read_text()
    refused = gpt("train", "--corpus", names, "--vocab-size", 20, *TINY)
    assert (refused.returncode, refused.stderr) == (
        2,
        "gpt: vocab_size follows from the characters of the text, unless the tokenizer is bpe.\n",
    )


def test_every_setting_of_a_run_is_a_flag(gpt: Any) -> None:
    shown = gpt("train", "--help").stdout
    for flag in ("--n-head", "--weight-tying", "--warmup-steps", "--patience", "--threads",
                 "--evaluation-documents", "--save-interval", "--rung"):  # fmt: skip
        assert flag in shown
    assert shown.count("--vocab-size N") == 2, "the model's follows from the tokenizer's"


def test_a_setting_can_be_none_true_or_a_name(gpt: Any, names: Path) -> None:
    answer = gpt(
        "train", "--corpus", names, "--documents", "--preset", "gpt-small", "--steps", 2,
        "--block-size", 4, "--n-layer", 1, "--n-head", 1, "--n-embd", 4, "--bias", "true",
        "--gradient-clip", "none", "--activation", "relu", "--dropout", 0,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    config = list_runs().runs[0].config
    assert (config.model.bias, config.model.activation) == (True, "relu")
    assert config.training.gradient_clip is None


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--corpus", "nothing.txt"], "There is neither a corpus nor a file called nothing.txt"),
        (["--preset", "gpt-9"], "There is no preset gpt-9; there are eight-names, first-names, "),
        (["--steps", "many"], "steps must be a whole number, not 'many'."),
        (["--steps", "0"], "steps must be at least 1, not 0."),
        (["--learning-rate", "nan"], "learning_rate must be a number, not nan."),
        (["--n-embd", "30"], "n_embd 30 cannot be shared evenly among 4 heads"),
        (["--dropout", "0.1"], "dropout is not a setting of a scalar run."),
        (["--from", "nobody"], "There is no run nobody in "),
        (["--depth", "3"], "unrecognized arguments: --depth 3"),
        (["--title", ""], "A title has 1 to 80 printable characters, not ''."),
    ],
)
def test_a_mistake_is_answered_in_a_sentence(
    gpt: Any, runs: Path, arguments: list[str], sentence: str
) -> None:
    preset = [] if "--preset" in arguments else ["--preset", "microgpt"]
    answer = gpt("train", *preset, *arguments)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.startswith(f"gpt: {sentence}")
    assert answer.stderr.count("\n") == 1
    assert not runs.exists()


def test_a_corpus_that_must_be_fetched_first_says_so(gpt: Any, tmp_path: Path) -> None:
    answer = gpt("train", GPT_DATA=str(tmp_path))
    assert answer.returncode == 2
    assert answer.stderr.startswith("gpt: Tiny Shakespeare is not on this machine: fetch it (")


def test_ctrl_c_stops_with_a_checkpoint_and_resume_goes_on(
    gpt: Any, names: Path, runs: Path, wait_until: Any
) -> None:
    command = [sys.executable, "-m", "gpt", "train", "--corpus", str(names), *TINY]
    with subprocess.Popen(
        [*command, "--steps", "800", "--title", "broken off"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        wait_until(lambda: (runs / "broken-off" / "metrics.jsonl").exists())
        run = find_run("broken-off")
        wait_until(lambda: len(read_records(run.metrics_file)) > 20)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    step = run.status().step
    assert out.splitlines()[0].startswith(f"broken-off: stopped after step {step:,} in ")
    assert out.splitlines()[-1] == "go on with: python -m gpt resume broken-off"
    assert run.checkpoint().step == step

    answer = gpt("resume", "broken-off", "--learning-rate", 0.001, "--json")
    assert answer.returncode == 0, answer.stderr
    assert [json.loads(line)["step"] for line in answer.stdout.splitlines()] == list(
        range(step + 1, 801)
    )
    assert read_records(run.metrics_file)[-1]["learning_rate"] == 0.001
    again = gpt("resume", "broken-off")
    assert again.returncode == 2
    assert again.stderr == (
        "gpt: broken-off is finished; train --from broken-off starts another from its weights.\n"
    )


def test_a_reader_that_leaves_stops_the_run(names: Path, runs: Path) -> None:
    command = [sys.executable, "-m", "gpt", "train", "--corpus", str(names), *TINY]
    with subprocess.Popen(
        [*command, "--steps", "100000", "--json", "--title", "read"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        assert json.loads(process.stdout.readline())["step"] == 0
        process.stdout.close()
        assert process.wait(30) == 130
        assert process.stderr.read() == b""
    run = find_run("read")
    assert run.status().state == "stopped"
    assert run.checkpoint().step == run.status().step


def test_a_prepared_folder_is_trained_as_it_says(gpt: Any, tiny: Any) -> None:
    run = tiny.run(steps=3)
    assert gpt("train", "--run", run.path).returncode == 0
    assert run.status().state == "finished"
    answer = gpt("train", "--run", run.path, "--steps", 4, "--preset", "eight-names")
    assert answer.returncode == 2
    assert "exists already; resume it, or choose another folder." in answer.stderr


def test_fine_tuning_from_the_command_line(gpt: Any, tiny: Any) -> None:
    first = tiny.trained()
    answer = gpt("train", "--from", first.name, "--from-step", "best", "--steps", 3)
    assert answer.returncode == 0, answer.stderr
    second = list_runs().runs[0]
    if second.run == first:
        second = list_runs().runs[1]
    assert second.config.origin is not None
    assert second.config.origin.run == first.name
    assert second.config.model == first.config().model
    wrong = gpt("train", "--from", first.name, "--from-step", "early")
    assert wrong.stderr == "gpt: A checkpoint is a step, best or last, not 'early'.\n"


def test_an_estimate_trains_nothing(gpt: Any, runs: Path) -> None:
    answer = gpt("train", "--preset", "microgpt", "--estimate")
    parameters, memory, time_needed = answer.stdout.splitlines()
    assert parameters == "4,192 parameters"
    assert memory.endswith(" MB of memory")
    assert " ms a step, " in time_needed
    assert list_runs().runs == []


def test_runs_are_steered_from_the_shell(gpt: Any, tiny: Any, wait_until: Any) -> None:
    run = tiny.run(steps=100_000)
    with subprocess.Popen(
        [sys.executable, "-m", "gpt", "train", "--run", str(run.path)], stdout=subprocess.PIPE
    ) as process:
        wait_until(lambda: run.status().state == "running")
        assert gpt("runs", "learning-rate", run.name, "0.125").returncode == 0
        assert gpt("runs", "pause", run.name).returncode == 0
        wait_until(lambda: run.status().state == "paused")
        answer = gpt("resume", run.name)
        assert answer.stdout == f"{run.name} goes on in process {process.pid}.\n"
        wait_until(lambda: run.status().state == "running")
        assert gpt("runs", "stop", run.name).returncode == 0
        assert process.wait(30) == 0
    assert read_records(run.metrics_file)[-1]["learning_rate"] == 0.125
    assert run.status().state == "stopped"
    refused = gpt("runs", "pause", run.name)
    assert (refused.returncode, refused.stderr) == (
        2, f"gpt: {run.name} cannot be paused, for it is stopped.\n",
    )  # fmt: skip
    assert "a number, or schedule" in gpt("runs", "learning-rate", run.name, "fast").stderr


def test_runs_are_renamed_exported_imported_and_deleted(
    gpt: Any, tiny: Any, tmp_path: Path
) -> None:
    run = tiny.trained(steps=3)
    assert gpt("runs", "rename", run.name, "Three steps").returncode == 0
    archive = tmp_path / "run.zip"
    assert gpt("runs", "export", run.name, archive).returncode == 0
    assert gpt("runs", "import", archive).stdout == "three-steps\n"
    assert gpt("runs", "delete", run.name).returncode == 0
    assert [s.run.name for s in list_runs().runs] == ["three-steps"]
    archive.write_bytes(b"no zip")
    assert gpt("runs", "import", archive).stderr == (
        "gpt: This is not a zip file of a run, or it is damaged; export it once more.\n"
    )


def test_an_empty_folder_says_how_to_begin_and_what_ships(gpt: Any, runs: Path) -> None:
    said, header, *rows = gpt("runs").stdout.splitlines()
    assert said == (
        f"There are no runs in {runs} yet; python -m gpt train begins one. These ship with the"
        " project:"
    )
    assert header.split() == [
        "run", "state", "step", "validation", "best", "corpus", "parameters"
    ]  # fmt: skip
    assert {tuple(row.split()[:2]) for row in rows} == {("copy", "ships"), ("shakespeare", "ships")}
    listed = [json.loads(line) for line in gpt("runs", "--json").stdout.splitlines()]
    assert {each["name"]: each["ships"] for each in listed} == {"copy": True, "shakespeare": True}


def test_a_run_that_was_killed_is_listed_as_interrupted(gpt: Any, tiny: Any) -> None:
    run = tiny.run()
    dead = {"pid": os.getpid(), "process_started": 1.0, "host": own_process().host}
    run.write_status(Status("running", time.time(), 24, step=7, **dead))  # type: ignore[arg-type]
    assert gpt("runs").stdout.splitlines()[1].split()[:3] == [run.name, "interrupted", "7/24"]
