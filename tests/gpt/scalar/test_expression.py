"""What is read, what it comes to, and what is said of everything else, and where."""

import math

import pytest

from gpt.scalar.expression import ExpressionError, parse
from gpt.scalar.value import backward, computed_values


def value_of(text: str, **numbers: float) -> float:
    return parse(text).evaluate(numbers).output.data


def error_in(text: str, **numbers: float) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        parse(text).evaluate(numbers)
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("relu(w1*x + w2)", 0.7),
        ("w1 - -x", 2.5),
        ("-x ** 2", -4.0),
        ("(-x) ** 2", 4.0),
        ("x ** -1", 0.5),
        ("2 ** x ** 3", 256.0),
        ("x - 1 - 1", 0.0),
        ("8 / x / x", 2.0),
        ("+x", 2.0),
        ("--x", 2.0),
        ("x * 1e-1", 0.2),
        ("1.5e+1 + .5 + 2.", 17.5),
        ("0.5", 0.5),
        ("2 * 3 + 4", 10.0),
        ("9 ** 0.5", 3.0),
        ("exp(0)", 1.0),
        ("log(exp(x))", 2.0),
        ("tanh(0*x)", 0.0),
        ("\n\n  x  \n", 2.0),
        ("x  # what it is\n# nothing more", 2.0),
        ("x # \0 \ud800 λ '\"; import os", 2.0),
        ("(x\n  + 1)", 3.0),
        ("\tx\t+\t1", 3.0),
        ("b = x*2\r\nb + 1\r\n", 5.0),
        ("b = x*2\rb + 1", 5.0),
        ("(x)", 2.0),
        ("a = 3\na*x", 6.0),
        ("a = -3\na*x", -6.0),
        ("a = +-+3\na*x", -6.0),
        ("b = x*2", 4.0),
        ("a = 3", 3.0),
        ("b = x*2\nc = 5", 5.0),
        ("b = x\nc = b\nc*b", 4.0),
        ("match = 3\ntype = match + x\ntype", 5.0),
        ("_ = 3\n_private1*_", 3.0),
    ],
)
def test_what_a_program_comes_to(text: str, value: float) -> None:
    assert value_of(text, w1=0.5, x=2.0, w2=-0.3) == pytest.approx(value, rel=1e-15)


def test_leaves_are_the_names_that_are_read_but_not_computed() -> None:
    program = parse("a = 2\nb = y*x + a\nc = b\nc*z + y")
    assert program.leaf_names == ("a", "y", "x", "z")
    assert program.initial == {"a": 2.0}
    assert program.start("a") == 2.0
    assert program.start("z") == 1.0


def test_numbers_come_from_the_caller_then_from_the_text_then_they_are_one() -> None:
    program = parse("a = 2\na*10 + b")
    assert program.evaluate({}).output.data == 21.0
    assert program.evaluate({"a": 5.0, "b": 3.0}).output.data == 53.0
    assert program.evaluate({"stranger": 5.0}).output.data == 21.0
    assert list(program.evaluate({}).leaves) == ["a", "b"]


def test_gradients_are_filed_under_the_names() -> None:
    evaluation = parse("b = a + a\nc = b + b\nc").evaluate({"a": 3.0})
    gradients = backward(evaluation.output)
    assert gradients["a"] == 4.0
    assert {name: gradients[id] for id, name in evaluation.names.items()} == {"b": 2.0, "c": 1.0}
    assert evaluation.leaves["a"].data == 3.0


def test_another_name_for_a_value_takes_no_name_away() -> None:
    evaluation = parse("b = a\nc = a*2\nd = c\nb*d").evaluate({})
    assert list(evaluation.names.values()) == ["c"]


def test_what_is_done_to_plain_numbers_is_in_the_graph_too() -> None:
    output = parse("2 * 3 + x").evaluate({"x": 1.0}).output
    assert [value.operation for value in computed_values(output)] == ["mul", "add"]
    assert parse("1 - x").evaluate({}).output.operation == "rsub"


def test_a_sum_may_be_longer_than_recursion_is_deep() -> None:
    assert value_of("+".join(["a"] * 501), a=2.0) == 1002.0
    assert value_of("*".join(["a"] * 501), a=1.0) == 1.0


CHARACTERS = "use numbers, names, + - * / ** and parentheses"
COMMA = "a function takes one value, and a decimal point is a point"
OTHER = "this is not arithmetic; only numbers, names, + - * / ** and functions are read"
STATEMENT = "only expressions and assignments like b = a*2 are read"
SYNTAX = "this cannot be read from here on; is an operator or a name missing?"
NUMBER_RUNS = "a number runs into a name here; write 2*x for two times x"
FUNCTIONS = "exp, log, relu and tanh"
TOO_LARGE = "the result here is beyond 1e+100, too large to go on with"
NOTHING = "there is nothing here yet; type an expression such as a*b + a"
NESTED = "the expression is nested more than 60 deep"


def unknown(character: str, hint: str = CHARACTERS) -> str:
    return f"the character {character!r} is not understood here; {hint}"


def reserved(word: str) -> str:
    return f"{word} is a word of Python's own; choose another name"


MISTAKES: list[tuple[str, str, int, int]] = [
    # nothing there
    ("", NOTHING, 0, 0),
    (" \t\r\n  ", NOTHING, 0, 0),
    ("# only a remark", NOTHING, 0, 0),
    # characters
    ("a ^ b", unknown("^", "for a power write **"), 0, 2),
    ("a × b", unknown("×", "for a product write *"), 0, 2),
    ("a ÷ b", unknown("÷", "for a quotient write /"), 0, 2),
    ("a − b", unknown("−", "for a minus write -"), 0, 2),
    ("a, b", unknown(",", COMMA), 0, 1),
    ("relu(a, b)", unknown(",", COMMA), 0, 6),
    ("1,5 * a", unknown(",", COMMA), 0, 1),
    ("a = 'x'", unknown("'"), 0, 4),
    ('f"{a}"', unknown('"'), 0, 1),
    ("(a := 3)", unknown(":"), 0, 3),
    ("lambda: 0", unknown(":"), 0, 6),
    ("a[0]", unknown("["), 0, 1),
    ("{a}", unknown("{"), 0, 0),
    ("a; b", unknown(";"), 0, 1),
    ("a % b", unknown("%"), 0, 2),
    ("a @ b", unknown("@"), 0, 2),
    ("a < b", unknown("<"), 0, 2),
    ("~a", unknown("~"), 0, 0),
    ("a \\\n+ b", unknown("\\"), 0, 2),
    ("a\0b", unknown("\0"), 0, 1),
    ("a\fb", unknown("\f"), 0, 1),
    ("a + ٣", unknown("٣"), 0, 4),
    ("a + ²", unknown("²"), 0, 4),
    ("α*x", unknown("α"), 0, 0),
    ("ｅｘｐ(1)", unknown("ｅ"), 0, 0),
    ("a\u2028+ b", unknown("\u2028"), 0, 1),
    ("a +\u00a0b", unknown("\u00a0"), 0, 3),
    ("a\n\n  b + ä", unknown("ä"), 2, 6),
    # words
    ("lambda * a", reserved("lambda"), 0, 0),
    ("a if b else c", reserved("if"), 0, 2),
    ("a and b", reserved("and"), 0, 2),
    ("True", reserved("True"), 0, 0),
    ("a = None", reserved("None"), 0, 4),
    ("import os", reserved("import"), 0, 0),
    ("a\n  await b", reserved("await"), 1, 2),
    ("(yield a)", reserved("yield"), 0, 1),
    ("__import__(a)", f"there is no function __import__; there are {FUNCTIONS}", 0, 0),
    ("a + __class__", "names may not begin with two underscores", 0, 4),
    ("__a = 3", "names may not begin with two underscores", 0, 0),
    # numbers
    ("2x", NUMBER_RUNS, 0, 1),
    ("a + 3b", NUMBER_RUNS, 0, 5),
    ("0x10", NUMBER_RUNS, 0, 1),
    ("1_000", NUMBER_RUNS, 0, 1),
    ("2j", NUMBER_RUNS, 0, 1),
    ("1e5x", NUMBER_RUNS, 0, 3),
    ("1if a", NUMBER_RUNS, 0, 1),
    ("012 + a", "a number does not begin with 0, unless a point follows", 0, 0),
    ("1e101 * a", "numbers up to 1e+100 are read", 0, 0),
    ("a * 1e999", "numbers up to 1e+100 are read", 0, 4),
    ("a + " + "9" * 400, "numbers up to 1e+100 are read", 0, 4),
    ("b = -1e101", "numbers up to 1e+100 are read", 0, 5),
    ("... + a", "this is not a number", 0, 0),
    # parentheses
    ("(a + b", "this ( is never closed; a ) is missing", 0, 0),
    ("relu((a)", "this ( is never closed; a ) is missing", 0, 4),
    ("a + b)", "this ) closes nothing; a ( is missing before it", 0, 5),
    ("a\n  )(", "this ) closes nothing; a ( is missing before it", 1, 2),
    ("a * ()", "these parentheses are empty; put a value between them", 0, 4),
    ("(" * 61 + "a" + ")" * 61, "parentheses are nested more than 60 deep", 0, 60),
    # functions
    ("sin(a)", f"there is no function sin; there are {FUNCTIONS}", 0, 0),
    ("a + sqrt(b)", f"there is no function sqrt; there are {FUNCTIONS}", 0, 4),
    ("a(b + 1)", f"there is no function a; there are {FUNCTIONS}", 0, 0),
    ("2(a)", f"only {FUNCTIONS} can be called", 0, 0),
    ("relu(a)(b)", f"only {FUNCTIONS} can be called", 0, 0),
    ("a.b(c)", f"only {FUNCTIONS} can be called", 0, 0),
    ("relu()", "relu takes exactly one value: relu(x)", 0, 0),
    ("1 + relu(*a)", "relu takes exactly one value: relu(x)", 0, 4),
    ("relu(**a)", "relu takes exactly one value: relu(x)", 0, 0),
    ("relu(x=a)", "relu takes exactly one value: relu(x)", 0, 0),
    ("exp + a", "exp is a function; give it a value: exp(x)", 0, 0),
    ("log = 3", "log is a function; give it a value: log(x)", 0, 0),
    # reaching for more
    ("a.real", "a dot reaches into nothing here; .real is not read", 0, 0),
    ("1 + a.__class__", "a dot reaches into nothing here; .__class__ is not read", 0, 4),
    ("a.b = 3", "assign to one name, like b = a*2", 0, 0),
    ("*a", OTHER, 0, 0),
    ("a == b", OTHER, 0, 0),
    ("a + b // c", "// is not read here; for a quotient write /", 0, 4),
    # syntax
    ("a b", SYNTAX, 0, 2),
    ("a + * b", SYNTAX, 0, 4),
    ("a\n   b c", SYNTAX, 1, 5),
    ("a = = b", SYNTAX, 0, 4),
    ("relu(a) = 3", SYNTAX, 0, 0),
    ("print a", SYNTAX, 0, 0),
    ("a +", "the line ends in +; a number or a name is missing after it", 0, 3),
    ("b = a *  # remark", "the line ends in *; a number or a name is missing after it", 0, 7),
    ("b =\nb", "the line ends in =; a number or a name is missing after it", 0, 3),
    ("  a /  \nb", "the line ends in /; a number or a name is missing after it", 0, 5),
    # lines
    ("a*b\na + b", "only the last line goes without a name; to use this one write b = …", 0, 0),
    ("b = a\n  c\nd", "only the last line goes without a name; to use this one write b = …", 1, 2),
    ("b = 1\n\tb = 2", "b is assigned twice; give the second another name", 1, 1),
    ("b = a*2\nb = 2", "b is assigned twice; give the second another name", 1, 0),
    ("c = a*2\r\n  a = 3", "a was used above before this line assigns it", 1, 2),
    ("c = a*2\na = c", "a was used above before this line assigns it", 1, 0),
    ("a = a + 1", "a is assigned from itself; give it another name", 0, 0),
    ("a = b = 3", "assign to one name, like b = a*2", 0, 0),
    ("  a += 1", STATEMENT, 0, 2),
    # too much
    ("a" * 2001, "the expression has 2,001 characters; at most 2,000 are read", 0, 0),
    ("(" * 10_000, "the expression has 10,000 characters; at most 2,000 are read", 0, 0),
    ("+".join(["a"] * 502), "at most 500 operations are read", 0, 1002),
    ("-" * 61 + "a", NESTED, 0, 61),
    ("**".join("a" * 62), NESTED, 0, 180),
    # undefined at these numbers (every name is 1)
    ("log(a - 2)", "log(-1) is undefined; the logarithm needs a positive number", 0, 0),
    ("1 + log(0*a)", "log(0) is undefined; the logarithm needs a positive number", 0, 4),
    ("1 / (a - 1)", "division by zero: 1 / 0 is undefined; the divisor must not be 0", 0, 5),
    ("a / 0", "division by zero: 1 / 0 is undefined; the divisor must not be 0", 0, 4),
    (
        "c = (a\n  /\n    0)\nc",
        "division by zero: 1 / 0 is undefined; the divisor must not be 0",
        2,
        4,
    ),
    ("a + exp(1000*a)", "exp(1000) overflows; the largest argument is about 709", 0, 4),
    ("exp(300*a)", TOO_LARGE, 0, 0),
    ("c = a*1e60\n  c*c", TOO_LARGE, 1, 2),
    ("9**9**9", "9 ** 3.8742e+08 overflows", 0, 0),
    ("10**1e50", "10 ** 1e+50 overflows", 0, 0),
    ("a + (-8*a)**(1/3)", "(-8) ** 0.333333: a variable exponent needs a positive base", 0, 5),
    (
        "(-8*a)**0.5",
        "(-8) ** 0.5 is not a real number; a fractional power needs a base that is not negative",
        0,
        1,
    ),
    ("(a - 1)**0.5", "0 ** 0.5 has no finite slope here", 0, 1),
]


@pytest.mark.parametrize(("text", "message", "line", "column"), MISTAKES)
def test_every_mistake_has_its_sentence_and_its_place(
    text: str, message: str, line: int, column: int
) -> None:
    error = error_in(text)
    assert (error.message, error.line, error.column) == (message, line, column)
    assert str(error) == message


@pytest.mark.parametrize("number", [1e300, -1e300, math.inf, math.nan])
def test_a_leaf_beyond_all_bounds_is_pointed_at(number: float) -> None:
    error = error_in("b + a*0", a=number)
    assert (error.message, error.column) == (TOO_LARGE, 4)


def test_the_caret_stands_under_the_column() -> None:
    assert error_in("b = 2*a\n\tb + c^2").with_caret() == (
        " b + c^2\n      ^\nthe character '^' is not understood here; for a power write **"
    )
    assert error_in("").with_caret().startswith("\n^\nthere is nothing")
