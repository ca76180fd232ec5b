"""`python -m gpt grad "relu(w1*x + w2)" w1=0.5 x=2 w2=-0.3`"""

from __future__ import annotations

import argparse
import json
import math

from gpt.commands import CommandError
from gpt.scalar.expression import ExpressionError, Program, parse
from gpt.scalar.value import backward


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "expression", help='such as "relu(w1*x + w2)"; put -- before a leading minus'
    )
    parser.add_argument("leaves", nargs="*", metavar="NAME=NUMBER", help="a number for each name")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    try:
        program = parse(arguments.expression)
        evaluation = program.evaluate(_numbers(program, arguments.leaves))
    except ExpressionError as error:
        place = f"line {error.line + 1}, column {error.column + 1}"
        raise CommandError(f"{error.message} ({place}: {error.text.strip()!r})") from None
    by_id = backward(evaluation.output)
    value = evaluation.output.data
    # To add 0 makes a 0 of −0, which nobody asks about.
    gradients = {name: by_id.get(name, 0.0) + 0.0 for name in program.leaf_names}
    for name, gradient in gradients.items():
        if not math.isfinite(gradient):
            raise CommandError(f"the gradient of {name} is too large for a number here")
    if arguments.json:
        print(json.dumps({"value": value, "gradients": gradients}))
        return 0
    print(f"value {value:.10g}")
    width = max(map(len, gradients), default=0)
    for name, gradient in gradients.items():
        print(f"d/d{name:<{width}}  {gradient:.10g}")
    return 0


def _numbers(program: Program, assignments: list[str]) -> dict[str, float]:
    numbers: dict[str, float] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise CommandError(f"{assignment!r} is not of the form NAME=NUMBER")
        if name not in program.leaf_names:
            known = ", ".join(program.leaf_names) or "none"
            raise CommandError(f"the expression has no leaf {name!r}; its leaves are: {known}")
        if name in numbers:
            raise CommandError(f"{name} is given twice; give it one number")
        try:
            numbers[name] = float(text)
        except ValueError:
            raise CommandError(f"{text!r} is not a number; write {name}=0.5") from None
        if not math.isfinite(numbers[name]):
            raise CommandError(f"{name} is {text}; it must be a finite number")
    missing = [n for n in program.leaf_names if n not in numbers and n not in program.initial]
    if missing:
        raise CommandError(
            f"no number was given for {', '.join(missing)}; add {missing[0]}=1.0 for example"
        )
    return numbers
