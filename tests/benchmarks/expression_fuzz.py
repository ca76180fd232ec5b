"""Well-formed, broken and hostile expressions by the thousand, each to be answered in a sentence.

    python tests/benchmarks/expression_fuzz.py [INPUTS] [SEED]

Prints a table by kind of input and exits with status 1 if anything but an ExpressionError came out,
if anything was run, imported or opened, or if an answer took 50 ms or more. An answer is what a
person waits for after a key press: the text read and, if it can be, worked out with its gradients.
"""

from __future__ import annotations

import math
import random
import sys
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle, islice

from gpt.scalar.expression import ExpressionError, parse
from gpt.scalar.value import backward

LIMIT = 50.0  # milliseconds
EXTREMES = (1e300, -1e300, 0.0, -0.0, 1e-300, 5e-324, math.inf, math.nan)

NAMES = ("a", "b", "w1", "x", "_", "lambda_", "match", "type", "__a", "e", "j", "O0")
NUMBERS = ("0", "1", "2", "0.5", ".5", "3.", "1e-3", "1e99", "1e-320", "1e400", "007", "9" * 60)
FUNCTIONS = ("exp", "log", "relu", "tanh")
OPERATORS = ("+", "-", "*", "/", "**")
SNIPPETS = (
    "__class__", ".__globals__", "__import__('os')", "().__class__.__bases__[0]", "lambda:0",
    "a:=1", "*a", "**a", "f'{a}'", '"""', "'", "#", "\\\n", ";", ",", "^", "//", "==", "=", "->",
    "import os", "exec(a)", "eval(a)", "open(a)", "print a", "if a else b", "for a in b", "not ",
    "yield", "await", "async", "None", "True", "...", "9**9**9", "1_000", "0xff", "1j", "1e", "1if",
    "\0", "\t", "\r", "\r\n", "\n", "\f", "\v", "\u00a0", "\u2028", "\ufeff", "\ud800", "٣", "²",
    "½", "ａ", "é", "e\u0301", "α", "−", "×", "𝟙", "🂡", "\u202e", "(", ")", "()", "[", "]", "{",
    "}", ".", "..", "a.b", "a(b)", "2(3)", "$", "?", "!", "@", "%", "&", "|", "~", "<<", "`",
)  # fmt: skip


def well_formed(rng: random.Random) -> str:
    """A program by the grammar, of one to four lines."""
    lines = [f"v{i} = {_expression(rng, 4)}" for i in range(rng.randrange(4))]
    return "\n".join([*lines, _expression(rng, 5)])


def mutated(rng: random.Random) -> str:
    """A well-formed program in which something was put in, taken out or repeated."""
    text = well_formed(rng)
    for _ in range(rng.randint(1, 4)):
        start = rng.randint(0, len(text))
        end = min(start + rng.randint(0, 6), len(text))
        put_in = rng.choice(("", rng.choice(SNIPPETS), text[start:end] * rng.randint(1, 4)))
        text = text[:start] + put_in + text[end:]
    return text


def token_soup(rng: random.Random) -> str:
    """Tokens in no order at all."""
    tokens = [*NAMES, *NUMBERS, *FUNCTIONS, *OPERATORS * 3, *SNIPPETS, "(", ")", "(", ")", "\n"]
    glue = rng.choice(("", " "))
    return glue.join(rng.choice(tokens) for _ in range(rng.randint(1, 60)))


def repeated(rng: random.Random) -> str:
    """The same few characters over and over, up to and beyond the limits, for the parser's sake."""
    piece = "".join(rng.choice((*SNIPPETS, *OPERATORS, *NAMES, "(", "-", "relu(")) for _ in "ab")
    opening = rng.choice(
        (piece, "(", "-", "relu(", "a**", "a+", "(a)*(", "a=", "(a,", "exp(-", "*(")
    )
    n = rng.choice((2, 20, 59, 60, 61, 200, 499, 501, 1000, 10_000))
    core = rng.choice(("", "a", "a b", "1", piece))
    closing = rng.choice(("", ")", opening))
    return opening * n + core + closing * rng.choice((n, n, n - 1, n + 1))


def deep(rng: random.Random) -> str:
    """Within the limits on length and nesting, but at their very edge, with a flaw at the core."""
    text = rng.choice(("a", "a b", "a=", "", "*a", "a=a", "not a", "9", "0"))
    for _ in range(rng.randint(30, 60)):
        text = rng.choice(("({})", "relu({})", "exp({})", "(-{})", "(a*{})", "tanh(x={})")).format(
            text
        )
    return text


def noise(rng: random.Random) -> str:
    """Any characters of Unicode, surrogates and control characters among them."""
    highest = rng.choice((0x7F, 0xFF, 0xFFFF, 0x10FFFF))
    return "".join(chr(rng.randint(0, highest)) for _ in range(rng.randint(0, 80)))


def steep(rng: random.Random) -> str:
    """Powers, exponentials and quotients of each other: well-formed, and soon out of bounds."""
    text = rng.choice(("a", "b", "2", "0", "1e-99", "1e99"))
    for _ in range(rng.randint(1, 12)):
        form = rng.choice(
            ("({})**{o}", "{o}**({})", "{o}/({})", "exp({})", "log({})", "({})*{o}", "-({})")
        )
        text = form.format(text, o=rng.choice((*NUMBERS[:9], "a", "b", "-1", "-0.5", "1e50")))
    return text


KINDS: dict[str, Callable[[random.Random], str]] = {
    "well formed": well_formed,
    "mutated": mutated,
    "token soup": token_soup,
    "repeated": repeated,
    "deep": deep,
    "noise": noise,
    "steep": steep,
}


def _expression(rng: random.Random, depth: int) -> str:
    form = rng.randrange(7) if depth else 0
    inner = [_expression(rng, depth - 1) for _ in range(min(form, 2))]
    if form == 0:
        return rng.choice((*NAMES[:7], *NUMBERS[:8], "v0", "v1"))
    if form == 1:
        return f"{rng.choice(FUNCTIONS)}({inner[0]})"
    if form == 2:
        return f"({inner[0]})"
    if form == 3:
        return f"-{inner[0]}"
    return f"{inner[0]} {rng.choice(OPERATORS)} {inner[1]}"


def answer(text: str) -> str:
    """What a person gets to see: `refused`, `undefined` at the numbers, or `worked out`."""
    try:
        program = parse(text)
    except ExpressionError as error:
        check_place(error, text)
        return "refused"
    try:
        evaluation = program.evaluate({})
    except ExpressionError as error:
        check_place(error, text)
        return "undefined"
    backward(evaluation.output)
    return "worked out"


def evaluate_at_extremes(text: str) -> int:
    """Work a program that can be read out at extreme leaves; returns how often it was defined."""
    try:
        program = parse(text)
    except ExpressionError:
        return 0
    rng, n_defined = random.Random(ascii(text)), 0
    for number in EXTREMES:
        numbers = dict.fromkeys(program.leaf_names, number)
        for leaf in rng.sample(sorted(numbers), len(numbers) // 3):
            numbers[leaf] = rng.choice(EXTREMES)
        try:
            output = program.evaluate(numbers).output
        except ExpressionError as error:
            check_place(error, text)
        else:
            assert abs(output.data) <= 1e100, output
            n_defined += 1
    return n_defined


def check_place(error: ExpressionError, text: str) -> None:
    """A sentence of one line, about a place that is there."""
    assert error.message and "\n" not in error.message, error.message
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if "characters; at most" in error.message:
        return
    assert error.text == lines[error.line], (error.text, error.line)
    assert 0 <= error.column <= len(error.text), error.column


def inputs(seed: int) -> Iterator[tuple[str, str]]:
    """Kind and text, the kinds in turn, for ever."""
    rng = random.Random(seed)
    for kind in cycle(KINDS):
        yield kind, KINDS[kind](rng)


def main() -> int:
    n_inputs = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    warnings.simplefilter("error")  # Python's parser may not as much as warn
    sys.addaudithook(_watch)  # Python itself reports all that it runs, imports or opens
    outcomes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    times: defaultdict[str, list[float]] = defaultdict(list)
    failures: list[str] = []
    for kind, text in islice(inputs(seed), n_inputs):
        try:
            with _nothing_else_happens(failures, text):
                outcome, milliseconds = timed(text)
                outcomes[kind]["extremes"] += evaluate_at_extremes(text)
        except Exception as error:
            failures.append(f"{type(error).__name__}: {error} from {text[:200]!r}")
            continue
        outcomes[kind][outcome] += 1
        times[kind].append(milliseconds)
        if milliseconds >= LIMIT:
            failures.append(f"{milliseconds:.0f} ms for {text[:200]!r}")

    columns = ("refused", "undefined", "worked out")
    print(f"{'':12}{'inputs':>8}" + "".join(f"{name:>12}" for name in columns), end="")
    print(f"{'at extremes':>13}{'median ms':>11}{'p99 ms':>9}{'max ms':>9}")
    rows = [(kind, outcomes[kind], times[kind]) for kind in KINDS]
    everything = Counter[str]()
    for _, counts, _ in rows:
        everything += counts
    rows.append(("all", everything, [t for _, _, ts in rows for t in ts]))
    for kind, counts, ms in rows:
        ms = sorted(ms)
        print(f"{kind:12}{len(ms):8,}" + "".join(f"{counts[c]:12,}" for c in columns), end="")
        print(f"{counts['extremes']:13,}{ms[len(ms) // 2]:11.2f}", end="")
        print(f"{ms[int(0.99 * len(ms))]:9.2f}{ms[-1]:9.2f}")
    print(f"{len(failures)} failures")
    for failure in failures[:20]:
        print(failure)
    return 1 if failures else 0


def timed(text: str) -> tuple[str, float]:
    """The outcome, and the milliseconds it took; the best of three where others were in the way."""
    best = math.inf
    for _ in range(3):
        start = time.perf_counter()
        outcome = answer(text)
        best = min(best, 1000 * (time.perf_counter() - start))
        if best < LIMIT / 5:
            break
    return outcome, best


_suspects: list[str] = []
_is_watching = False


@contextmanager
def _nothing_else_happens(failures: list[str], text: str) -> Iterator[None]:
    """Fails where anything is run, imported or opened meanwhile."""
    global _is_watching
    _is_watching = True
    try:
        yield
    finally:
        _is_watching = False
    failures += [f"{event} from {text[:200]!r}" for event in _suspects]
    _suspects.clear()


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    # To quote a line in a syntax error, Python looks for a file of the name that it calls the text.
    is_quoting = event == "open" and arguments[0] == "<unknown>"
    is_suspect = event.split(".")[0] in ("exec", "import", "open", "os", "subprocess")
    if _is_watching and is_suspect and not is_quoting:
        _suspects.append(f"{event} {arguments}")


if __name__ == "__main__":
    sys.exit(main())
