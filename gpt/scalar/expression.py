"""Typed text to a graph of Values, by a whitelist: nothing that is typed is ever executed.

A program is one or more lines, assignments first and the output last:

    b = a + a
    c = b + b
    c

Names that are read but never assigned are leaves. A number assigned to a name (`a = 2.0`) makes it
a leaf too, with that number to begin with. Python's own parser reads the text, once it is known to
hold no character and no word that has no place in arithmetic; of what the parser finds only
numbers, names, + - * / **, and calls of the functions in `FUNCTIONS` are accepted, and each of
those is carried out by `Value`.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gpt.scalar.expression_text import MAXIMUM_NESTING, ExpressionError, read_lines
from gpt.scalar.value import UndefinedError, Value

__all__ = ["FUNCTIONS", "Evaluation", "ExpressionError", "Program", "parse"]

MAXIMUM_OPERATIONS = 500
MAXIMUM_MAGNITUDE = 1e100

FUNCTIONS: Mapping[str, Callable[[Value], Value]] = {
    "exp": Value.exp,
    "log": Value.log,
    "relu": Value.relu,
    "tanh": Value.tanh,
}

_OPERATORS: Mapping[type[ast.operator], Callable[[Any, Any], Value]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}

_FUNCTION_LIST = "exp, log, relu and tanh"


@dataclass(frozen=True)
class Evaluation:
    """A program worked out at certain numbers.

    Attributes:
        output: the last line's value.
        leaves: every leaf by name, in order of first appearance.
        names: of computed values that were assigned to a name, by their id.
    """

    output: Value
    leaves: Mapping[str, Value]
    names: Mapping[object, str]


@dataclass(frozen=True)
class Program:
    """A program that passed the whitelist.

    Attributes:
        text: as it was typed.
        leaf_names: the names of its leaves in order of first appearance.
        initial: the numbers that the text itself gives to leaves.
    """

    text: str
    leaf_names: tuple[str, ...]
    initial: Mapping[str, float]
    _statements: tuple[tuple[str | None, ast.expr], ...] = field(compare=False)

    def start(self, leaf: str) -> float:
        """The number of a leaf that nobody has given one: the text's own, else 1."""
        return self.initial.get(leaf, 1.0)

    def evaluate(self, numbers: Mapping[str, float]) -> Evaluation:
        """Build the graph with `numbers` for the leaves, and `start` for those not among them.

        Raises:
            ExpressionError: the result, or a step on the way, is undefined or too large there.
        """
        leaves = {
            name: Value.leaf(numbers.get(name, self.start(name)), name) for name in self.leaf_names
        }
        scope: dict[str, Value] = dict(leaves)
        names: dict[object, str] = {}
        result: Value | float = 0.0
        for target, expression in self._statements:
            result = _Evaluator(self.text, scope).visit(expression)
            if target is not None:
                scope[target] = _as_value(result)
                # Another name for a leaf does not take the leaf's own name away.
                if scope[target].children:
                    names.setdefault(scope[target].id, target)
        return Evaluation(_as_value(result), leaves, names)


def parse(text: str) -> Program:
    """Check the text against the whitelist.

    Raises:
        ExpressionError: it is empty, too long, unbalanced, or holds something not understood.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = read_lines(text)
    # To Python indentation means something, so every line is moved to the left margin.
    bare = [line.lstrip() for line in lines]
    indents = [len(line) - len(moved) for line, moved in zip(lines, bare, strict=True)]
    try:
        module = ast.parse("\n".join(bare))
    except SyntaxError as error:
        raise _explain_syntax(error, text, lines, indents) from None
    except (MemoryError, RecursionError):
        raise ExpressionError("the expression is nested too deeply to be read", text) from None
    return _Whitelist(text, indents).program(module)


def _explain_syntax(
    error: SyntaxError, text: str, lines: list[str], indents: list[int]
) -> ExpressionError:
    line = min(error.lineno or 1, len(lines)) - 1
    column = max((error.offset or 1) - 1, 0) + indents[line]
    content = lines[line].rstrip()
    message = "this cannot be read from here on; is an operator or a name missing?"
    if "leading zeros" in error.msg:
        message = "a number does not begin with 0, unless a point follows"
    elif content.endswith(("+", "-", "*", "/", "=")) and column >= len(content) - 1:
        message = f"the line ends in {content[-1]}; a number or a name is missing after it"
        column = len(content)
    return ExpressionError(message, text, line, column)


class _Whitelist:
    """Walks the syntax tree and stops at the first thing that is not on the list."""

    def __init__(self, text: str, indents: list[int]) -> None:
        self.text = text
        self.indents = indents
        self.assigned: set[str] = set()
        self.leaves: dict[str, None] = {}
        self.initial: dict[str, float] = {}
        self.n_operations = 0

    def program(self, module: ast.Module) -> Program:
        statements: list[tuple[str | None, ast.expr]] = []
        for statement in module.body:
            self._move(statement)
            if isinstance(statement, ast.Expr) and statement is not module.body[-1]:
                message = "only the last line goes without a name; to use this one write b = …"
                raise self._error(statement, message)
            statements.append(self._statement(statement))
        return Program(self.text, tuple(self.leaves), self.initial, tuple(statements))

    def _move(self, statement: ast.stmt) -> None:
        """Shift the columns back to where they are in the text as it was typed."""
        for node in ast.walk(statement):
            if hasattr(node, "col_offset"):
                node.col_offset += self.indents[node.lineno - 1]  # type: ignore[attr-defined]

    def _statement(self, statement: ast.stmt) -> tuple[str | None, ast.expr]:
        if isinstance(statement, ast.Expr):
            self._check(statement.value, 0)
            return None, statement.value
        if not isinstance(statement, ast.Assign):
            raise self._error(statement, "only expressions and assignments like b = a*2 are read")
        target = statement.targets[0]
        if len(statement.targets) > 1 or not isinstance(target, ast.Name):
            raise self._error(statement, "assign to one name, like b = a*2")
        self._check_name(target)
        if target.id in self.assigned or target.id in self.initial:
            raise self._error(
                target, f"{target.id} is assigned twice; give the second another name"
            )
        if target.id in self.leaves:
            raise self._error(target, f"{target.id} was used above before this line assigns it")
        number = self._plain_number(statement.value)
        if number is not None:
            self.leaves[target.id] = None
            self.initial[target.id] = number
            return None, target
        self._check(statement.value, 0)
        if target.id in self.leaves:
            raise self._error(target, f"{target.id} is assigned from itself; give it another name")
        self.assigned.add(target.id)
        return target.id, statement.value

    def _plain_number(self, node: ast.expr) -> float | None:
        sign = 1.0
        while isinstance(node, ast.UnaryOp):
            sign = -sign if isinstance(node.op, ast.USub) else sign
            node = node.operand
        return sign * self._number(node) if isinstance(node, ast.Constant) else None

    def _check(self, node: ast.expr, depth: int) -> None:
        if depth > MAXIMUM_NESTING:
            raise self._error(node, f"the expression is nested more than {MAXIMUM_NESTING} deep")
        if isinstance(node, ast.Constant):
            self._number(node)
        elif isinstance(node, ast.Name):
            self._check_name(node)
            if node.id not in self.assigned:
                self.leaves.setdefault(node.id)
        elif isinstance(node, ast.UnaryOp):
            self._count(node)
            self._check(node.operand, depth + 1)
        elif isinstance(node, ast.BinOp):
            first, operations = _unrolled(node)
            self._check(first, depth + 1)
            for operation in operations:
                if type(operation.op) not in _OPERATORS:
                    raise self._error(operation, "// is not read here; for a quotient write /")
                self._count(operation.right)
                self._check(operation.right, depth + 1)
        elif isinstance(node, ast.Call):
            self._count(node)
            self._check_call(node, depth)
        elif isinstance(node, ast.Attribute):
            raise self._error(node, f"a dot reaches into nothing here; .{node.attr} is not read")
        elif isinstance(node, ast.Tuple):
            raise self._error(node, "these parentheses are empty; put a value between them")
        else:
            raise self._error(
                node,
                "this is not arithmetic; only numbers, names, + - * / ** and functions are read",
            )

    def _check_call(self, node: ast.Call, depth: int) -> None:
        if not isinstance(node.func, ast.Name):
            raise self._error(node.func, f"only {_FUNCTION_LIST} can be called")
        name = node.func.id
        if name not in FUNCTIONS:
            raise self._error(node.func, f"there is no function {name}; there are {_FUNCTION_LIST}")
        if len(node.args) != 1 or node.keywords or isinstance(node.args[0], ast.Starred):
            raise self._error(node.func, f"{name} takes exactly one value: {name}(x)")
        self._check(node.args[0], depth + 1)

    def _check_name(self, node: ast.Name) -> None:
        if node.id in FUNCTIONS:
            raise self._error(node, f"{node.id} is a function; give it a value: {node.id}(x)")
        if node.id.startswith("__"):
            raise self._error(node, "names may not begin with two underscores")

    def _number(self, node: ast.Constant) -> float:
        if type(node.value) not in (int, float):
            raise self._error(node, "this is not a number")
        try:
            number = float(node.value)  # type: ignore[arg-type]  # it is one of the two above
        except OverflowError:
            number = math.inf
        if abs(number) > MAXIMUM_MAGNITUDE:
            raise self._error(node, f"numbers up to {MAXIMUM_MAGNITUDE:g} are read")
        return number

    def _count(self, node: ast.expr) -> None:
        self.n_operations += 1
        if self.n_operations > MAXIMUM_OPERATIONS:
            raise self._error(node, f"at most {MAXIMUM_OPERATIONS} operations are read")

    def _error(self, node: ast.expr | ast.stmt, message: str) -> ExpressionError:
        return ExpressionError(message, self.text, node.lineno - 1, node.col_offset)


class _Evaluator:
    """Carries out a checked expression. Plain numbers stay plain until they meet a Value."""

    def __init__(self, text: str, scope: Mapping[str, Value]) -> None:
        self.text = text
        self.scope = scope

    def visit(self, node: ast.expr) -> Value | float:
        first, operations = _unrolled(node)
        result = self._compute(first)
        for operation in operations:
            right = self.visit(operation.right)
            if not isinstance(right, Value):
                result = _as_value(result)
            function = _OPERATORS[type(operation.op)]
            culprit = operation.right if isinstance(operation.op, ast.Div) else operation.left
            result = self._carry_out(function, (result, right), operation, culprit)
        return result

    def _compute(self, node: ast.expr) -> Value | float:
        if isinstance(node, ast.Constant):
            return float(node.value)  # type: ignore[arg-type]  # a number, by the whitelist
        if isinstance(node, ast.Name):
            return self._within_limits(self.scope[node.id], node)
        if isinstance(node, ast.UnaryOp):
            operand = self.visit(node.operand)
            return -operand if isinstance(node.op, ast.USub) else operand
        assert isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        argument = _as_value(self.visit(node.args[0]))
        return self._carry_out(FUNCTIONS[node.func.id], (argument,), node, node)

    def _carry_out(
        self,
        function: Callable[..., Value],
        operands: tuple[Value | float, ...],
        node: ast.expr,
        culprit: ast.expr,
    ) -> Value:
        try:
            result = function(*operands)
        except UndefinedError as error:
            raise self._error(str(error), culprit) from None
        return self._within_limits(result, node)

    def _within_limits(self, value: Value, node: ast.expr) -> Value:
        if not abs(value.data) <= MAXIMUM_MAGNITUDE:
            message = f"the result here is beyond {MAXIMUM_MAGNITUDE:g}, too large to go on with"
            raise self._error(message, node)
        return value

    def _error(self, message: str, node: ast.expr) -> ExpressionError:
        return ExpressionError(message, self.text, node.lineno - 1, node.col_offset)


def _unrolled(node: ast.expr) -> tuple[ast.expr, list[ast.BinOp]]:
    """`a + b - c` as a, then + b, then - c: a sum may be longer than recursion is deep."""
    operations = []
    while isinstance(node, ast.BinOp):
        operations.append(node)
        node = node.left
    return node, operations[::-1]


def _as_value(number: Value | float) -> Value:
    return number if isinstance(number, Value) else Value.leaf(number)
