import json
import subprocess
from collections.abc import Callable

import pytest

from gpt.__main__ import main

NEURON = ("relu(w1*x + w2)", "w1=0.5", "x=2", "w2=-0.3")


@pytest.fixture
def grad(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def run(*arguments: str) -> str:
        """What a successful `grad` prints."""
        assert main(["grad", *arguments]) == 0
        printed = capsys.readouterr()
        assert printed.err == ""
        return printed.out

    return run


@pytest.fixture
def error(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def run(*arguments: str) -> str:
        """The sentence with which `grad` fails."""
        assert main(["grad", *arguments]) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        assert printed.err.startswith("gpt: ")
        assert printed.err.count("\n") == 1
        return printed.err.removeprefix("gpt: ").rstrip("\n")

    return run


def test_from_the_shell(gpt: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    finished = gpt("grad", *NEURON, "--json")
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout == ('{"value": 0.7, "gradients": {"w1": 2.0, "x": 0.5, "w2": 1.0}}\n')


def test_an_error_from_the_shell(gpt: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    finished = gpt("grad", "w1 ^ 2", "w1=3")
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr == (
        "gpt: the character '^' is not understood here; for a power write ** "
        "(line 1, column 4: 'w1 ^ 2')\n"
    )


def test_for_people(grad: Callable[..., str]) -> None:
    assert grad(*NEURON) == "value 0.7\nd/dw1  2\nd/dx   0.5\nd/dw2  1\n"
    assert grad("3*4") == "value 12\n"
    assert grad("a/3", "a=1") == "value 0.3333333333\nd/da  0.3333333333\n"


@pytest.mark.parametrize(
    ("arguments", "value", "gradients"),
    [
        (("a*a", "a=3"), 9.0, {"a": 6.0}),
        (("b = a + a\nc = b + b\nc", "a=1"), 4.0, {"a": 4.0}),
        (("a = 2\na*b", "b=3"), 6.0, {"a": 3.0, "b": 2.0}),
        (("a = 2\na*b", "b=3", "a=5"), 15.0, {"a": 3.0, "b": 5.0}),
        (("--", "-a", "a=-3"), 3.0, {"a": -1.0}),
        (("relu(-a)", "a=3"), 0.0, {"a": 0.0}),
        (("a*0 + b\n# nothing", "a=1e-3", "b=2"), 2.0, {"a": 0.0, "b": 1.0}),
        (("7",), 7.0, {}),
    ],
)
def test_as_json(
    grad: Callable[..., str],
    arguments: tuple[str, ...],
    value: float,
    gradients: dict[str, float],
) -> None:
    printed = grad("--json", *arguments)
    assert json.loads(printed) == {"value": value, "gradients": gradients}
    assert "-0.0" not in printed
    assert list(json.loads(printed)["gradients"]) == list(gradients)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a*b", "a=1"), "no number was given for b; add b=1.0 for example"),
        (("a*b",), "no number was given for a, b; add a=1.0 for example"),
        (("a*b", "a=1", "b"), "'b' is not of the form NAME=NUMBER"),
        (("a", "a=1", "c=2"), "the expression has no leaf 'c'; its leaves are: a"),
        (("1", "c=2"), "the expression has no leaf 'c'; its leaves are: none"),
        (("b = a\nb", "a=1", "b=2"), "the expression has no leaf 'b'; its leaves are: a"),
        (("a", "a=one"), "'one' is not a number; write a=0.5"),
        (("a", "a="), "'' is not a number; write a=0.5"),
        (("a", "a=nan"), "a is nan; it must be a finite number"),
        (("a", "a=1e999"), "a is 1e999; it must be a finite number"),
        (("a", "a=1", "a=2"), "a is given twice; give it one number"),
        (
            ("a", "a=1e300"),
            "the result here is beyond 1e+100, too large to go on with (line 1, column 1: 'a')",
        ),
        (
            ("b = a\n  1/(b - 1)", "a=1"),
            "division by zero: 1 / 0 is undefined; the divisor must not be 0 "
            "(line 2, column 6: '1/(b - 1)')",
        ),
        (
            ("log(a)", "a=-1"),
            "log(-1) is undefined; the logarithm needs a positive number "
            "(line 1, column 1: 'log(a)')",
        ),
        (
            ("",),
            "there is nothing here yet; type an expression such as a*b + a (line 1, column 1: '')",
        ),
        (("1e97*log(a)", "a=1e-300"), "the gradient of a is too large for a number here"),
        ((), "the following arguments are required: expression, NAME=NUMBER"),
        (("a", "a=1", "--yaml"), "unrecognized arguments: --yaml"),
        (
            ("-a*b", "a=1", "b=2"),
            "unrecognized arguments: -a*b; put -- before what begins with a minus and is no option",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    error: Callable[..., str], arguments: tuple[str, ...], message: str
) -> None:
    assert error(*arguments) == message


def test_torch_is_not_loaded_for_it(
    gpt: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    finished = gpt("grad", *NEURON, PYTHONPROFILEIMPORTTIME="1")
    loaded = {line.rpartition("|")[2].strip() for line in finished.stderr.splitlines()}
    assert "gpt.scalar.expression" in loaded
    assert loaded.isdisjoint({"torch", "numpy", "tqdm", "streamlit", "plotly"})
