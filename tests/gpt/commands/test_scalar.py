import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gpt.__main__ import main

Shell = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "few.txt"
    path.write_text("ada\nbo\n\n  cleo  \ndea\n", encoding="utf-8")
    return path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[list[str], str]]:
    def run(*arguments: object) -> tuple[list[str], str]:
        """The lines that a successful `scalar` prints, and what it writes beside them."""
        assert main(["scalar", *map(str, arguments)]) == 0
        printed = capsys.readouterr()
        return printed.out.splitlines(), printed.err

    return run


def test_a_line_for_each_step_and_each_sample_and_nothing_else(gpt: Shell, text: Path) -> None:
    finished = gpt("scalar", "--text", text, "--stop-after", 3, "--samples", 2, "--json")
    assert (finished.returncode, finished.stderr) == (0, "")
    records = [json.loads(line) for line in finished.stdout.splitlines()]
    assert [list(record) for record in records] == [["step", "loss"]] * 3 + [["sample"]] * 2
    assert [record["step"] for record in records[:3]] == [1, 2, 3]
    for record in records[:3]:
        assert record["loss"] == pytest.approx(2.08, abs=0.3)  # nearly ln 8: 7 letters and BOS
    for record in records[3:]:
        assert set(record["sample"]) <= set("abcdelo")


def test_the_first_losses_are_microgpts(run: Callable[..., tuple[list[str], str]]) -> None:
    path = Path(os.environ.get("GPT_DATA", "data/downloads")) / "names.txt"
    if not path.exists():
        pytest.skip(f"the 32,033 names are not at {path}; GPT_DATA names their folder")
    lines, _ = run("--text", path, "--stop-after", 3, "--samples", 0, "--json")
    losses = [json.loads(line)["loss"] for line in lines]
    assert [f"{loss:.4f}" for loss in losses] == ["3.3660", "3.4243", "3.1778"]


def test_for_people_there_is_a_progress_bar_beside_the_samples(
    run: Callable[..., tuple[list[str], str]], text: Path
) -> None:
    lines, progress = run("--text", text, "--steps", 4, "--samples", 3)
    assert len(lines) == 3
    assert not any("{" in line for line in lines)
    assert "4/4" in progress
    assert "loss " in progress


def test_the_seed_decides_everything(run: Callable[..., tuple[list[str], str]], text: Path) -> None:
    arguments = ("--text", text, "--stop-after", 2, "--samples", 3, "--json")
    assert run(*arguments) == run(*arguments, "--seed", 42)
    assert run(*arguments) != run(*arguments, "--seed", 43)


def test_to_stop_early_is_not_to_plan_fewer_steps(
    run: Callable[..., tuple[list[str], str]], text: Path
) -> None:
    """The learning rate falls towards the planned end, and the second step feels it."""
    arguments = ("--text", text, "--samples", 0, "--json")
    stopped, _ = run(*arguments, "--steps", 1000, "--stop-after", 3)
    planned, _ = run(*arguments, "--steps", 3)
    beyond, _ = run(*arguments, "--steps", 3, "--stop-after", 10)
    assert stopped[:2] == planned[:2]
    assert stopped[2] != planned[2]
    assert planned == beyond
    assert len(stopped) == len(planned) == 3


def test_the_bundled_names_are_what_is_trained_on_by_default(
    run: Callable[..., tuple[list[str], str]],
) -> None:
    lines, _ = run("--stop-after", 1, "--samples", 1, "--json", "--temperature", "1e-320")
    assert json.loads(lines[0])["loss"] == pytest.approx(3.3, abs=0.3)  # nearly ln 27
    assert set(json.loads(lines[1])["sample"]) <= set("abcdefghijklmnopqrstuvwxyz")


def test_one_letter_will_do(run: Callable[..., tuple[list[str], str]], tmp_path: Path) -> None:
    path = tmp_path / "one.txt"
    path.write_text("a\na\n", encoding="utf-8")
    lines, _ = run("--text", path, "--stop-after", 2, "--samples", 1, "--json")
    assert json.loads(lines[0])["loss"] == pytest.approx(0.69, abs=0.1)  # nearly ln 2
    assert set(json.loads(lines[2])["sample"]) <= {"a"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--steps", "0"), "--steps is 0; it must be at least 1"),
        (("--stop-after", "0"), "--stop-after is 0; it must be at least 1"),
        (("--samples", "-1"), "--samples is -1; it must be at least 0"),
        (("--temperature", "0"), "--temperature is 0; it must be above 0"),
        (("--temperature", "nan"), "--temperature is nan; it must be above 0"),
        (("--temperature", "hot"), "argument --temperature: invalid float value: 'hot'"),
        (("--steps", "many"), "argument --steps: invalid int value: 'many'"),
        (("--text", "nowhere.txt"), "There is neither a corpus nor a file called nowhere.txt"),
        (("--text", "EMPTY"), "EMPTY holds nothing but white space"),
        (("--text", "BINARY"), "UTF-8"),
        (("--text", "."), "."),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: tuple[str, str], message: str
) -> None:
    (tmp_path / "EMPTY").write_text(" \n\n", encoding="utf-8")
    (tmp_path / "BINARY").write_bytes(b"\xff\xfe\x00\x80")
    option, value = arguments
    value = str(tmp_path / value) if value.isupper() else value
    assert main(["scalar", option, value, "--json"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("gpt: ")
    assert printed.err.count("\n") == 1
    assert message in printed.err


def test_an_error_from_the_shell_leaves_no_traceback(gpt: Shell) -> None:
    finished = gpt("scalar", "--text", "nowhere.txt", "--json")
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr.startswith("gpt: There is neither a corpus nor a file called")
    assert finished.stderr.count("\n") == 1


def test_to_stop_reading_is_no_error(text: Path) -> None:
    """As with `| head -1`."""
    command = [sys.executable, "-m", "gpt", "scalar", "--text", text, "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        assert json.loads(process.stdout.readline())["step"] == 1
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 0
