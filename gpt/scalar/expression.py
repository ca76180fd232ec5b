"""Typed text to a graph of Values, by a whitelist: nothing that is typed is ever executed.

A program is one or more lines, assignments first and the output last:

    b = a + a
    c = b + b
    c

Names that are read but never assigned are leaves. A number assigned to a name (`a = 2.0`) makes it
a leaf too, with that number to begin with. Python's own parser reads the text; of what it finds
only numbers, names, + - * / **, and calls of the functions in `FUNCTIONS` are accepted, and each of
those is carried out by `Value`.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gpt.scalar.value import UndefinedError, Value

MAXIMUM_LENGTH = 2_000
MAXIMUM_OPERATIONS = 500
MAXIMUM_NESTING = 60
MAXIMUM_MAGNITUDE = 1e100

FUNCTIONS: Mapping[str, Callable[[Value], Value]] = {
    "exp": Value.exp,
    "log": Value.log,
    "relu": Value.relu,
    "tanh": Value.tanh,
}

_UNDERSTOOD = re.compile(r"[A-Za-z0-9_.+\-*/(),= \t\n#]")
_SUGGESTIONS = {"^": "for a power write **", "×": "for a product write *", "÷": "write /"}
_FUNCTION_LIST = "exp, log, relu and tanh"


class ExpressionError(ValueError):
    """What is wrong with the text, and where.

    Attributes:
        message: one sentence.
        line, column: where, both counted from 0.
        text: the line it is about.
    """

    def __init__(self, message: str, text: str = "", line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        lines = text.split("\n")
        self.message = message
        self.line = min(line, len(lines) - 1)
        self.text = lines[self.line]
        self.column = min(column, len(self.text))

    def with_caret(self) -> str:
        """The line, a caret under the column, and the sentence."""
        shown = self.text.replace("\t", " ")
        return f"{shown}\n{' ' * self.column}^\n{self.message}"


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
    _statements: tuple[tuple[str | None, ast.expr], ...]

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
                scope[target] = _as_value(result, target)
                names.setdefault(scope[target].id, target)
        return Evaluation(_as_value(result, None), leaves, names)


def parse(text: str) -> Program:
    """Check the text against the whitelist.

    Raises:
        ExpressionError: it is empty, too long, unbalanced, or holds something not understood.
    """
    if len(text) > MAXIMUM_LENGTH:
        raise ExpressionError(
            f"the expression has {len(text):,} characters; at most {MAXIMUM_LENGTH:,} are read"
        )
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    _check_characters(text)
    _check_parentheses(text)
    dedented, indents = _without_indentation(text)
    if not re.sub(r"#.*", "", dedented).strip():
        raise ExpressionError("there is nothing here yet; type an expression such as a*b + a")
    try:
        module = ast.parse(dedented)
    except SyntaxError as error:
        line = (error.lineno or 1) - 1
        column = max((error.offset or 1) - 1, 0) + _at(indents, line)
        raise ExpressionError(_explain_syntax(error, text, line), text, line, column) from None
    except (ValueError, MemoryError, RecursionError):
        raise ExpressionError("the expression is nested too deeply to be read", text) from None
    return _Whitelist(text, indents).program(module)


def _check_characters(text: str) -> None:
    for line_number, line in enumerate(text.split("\n")):
        for column, character in enumerate(line.split("#")[0]):
            if not _UNDERSTOOD.match(character):
                hint = _SUGGESTIONS.get(character, "use numbers, names, + - * / ** and parentheses")
                raise ExpressionError(
                    f"the character {character!r} is not understood here; {hint}",
                    text,
                    line_number,
                    column,
                )


def _check_parentheses(text: str) -> None:
    opened: list[tuple[int, int]] = []
    for line_number, line in enumerate(text.split("\n")):
        for column, character in enumerate(line.split("#")[0]):
            if character == "(":
                opened.append((line_number, column))
                if len(opened) > MAXIMUM_NESTING:
                    raise ExpressionError(
                        f"parentheses are nested more than {MAXIMUM_NESTING} deep",
                        text,
                        line_number,
                        column,
                    )
            elif character == ")":
                if not opened:
                    raise ExpressionError(
                        "this ) closes nothing; a ( is missing before it", text, line_number, column
                    )
                opened.pop()
    if opened:
        raise ExpressionError("this ( is never closed; a ) is missing", text, *opened[-1])


def _without_indentation(text: str) -> tuple[str, list[int]]:
    """The text with every line moved to the left margin, and by how much each was moved."""
    lines = text.split("\n")
    stripped = [line.lstrip(" \t") for line in lines]
    indents = [len(line) - len(bare) for line, bare in zip(lines, stripped, strict=True)]
    return "\n".join(stripped), indents


def _at(indents: list[int], line: int) -> int:
    return indents[line] if line < len(indents) else 0


def _explain_syntax(error: SyntaxError, text: str, line: int) -> str:
    lines = text.split("\n")
    content = lines[line].split("#")[0].rstrip() if line < len(lines) else ""
    if content.endswith(("+", "-", "*", "/", "=", ",")):
        return f"the line ends in {content[-1]}; a number or a name is missing after it"
    if "literal" in (error.msg or ""):
        return "a number runs into a name here; write 2*x for two times x"
    return "this cannot be read from here on; is an operator or a name missing?"


class _Whitelist(ast.NodeVisitor):
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
            statements += self._statement(statement)
        if not statements:
            last = list(self.initial)[-1]
            statements.append((None, ast.Name(last, ast.Load(), lineno=1, col_offset=0)))
        return Program(self.text, tuple(self.leaves), self.initial, tuple(statements))

    def _statement(self, statement: ast.stmt) -> list[tuple[str | None, ast.expr]]:
        if isinstance(statement, ast.Expr):
            self._move(statement)
            self._check(statement.value, 0)
            return [(None, statement.value)]
        if not isinstance(statement, ast.Assign):
            raise self._error(statement, "only expressions and assignments like b = a*2 are read")
        target = statement.targets[0]
        if len(statement.targets) > 1 or not isinstance(target, ast.Name):
            raise self._error(statement, "assign to one name, like b = a*2")
        self._move(statement)
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
            return []
        self._check(statement.value, 0)
        self.assigned.add(target.id)
        return [(target.id, statement.value)]

    def _plain_number(self, node: ast.expr) -> float | None:
        sign = 1.0
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            sign, node = -1.0, node.operand
        if isinstance(node, ast.Constant):
            return sign * self._number(node)
        return None

    def _check(self, node: ast.expr, depth: int) -> None:
        if depth > MAXIMUM_NESTING:
            raise self._error(node, f"the expression is nested more than {MAXIMUM_NESTING} deep")
        if isinstance(node, ast.Constant):
            self._number(node)
        elif isinstance(node, ast.Name):
            self._check_name(node)
            if node.id not in self.assigned:
                self.leaves.setdefault(node.id)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            self._count(node)
            self._check(node.operand, depth + 1)
        elif isinstance(node, ast.BinOp) and isinstance(
            node.op, ast.Add | ast.Sub | ast.Mult | ast.Div | ast.Pow
        ):
            self._count(node)
            # a + b + c + … leans to the left without being nested in any sense a person would use.
            leans = isinstance(node.left, ast.BinOp)
            self._check(node.left, depth if leans else depth + 1)
            self._check(node.right, depth + 1)
        elif isinstance(node, ast.Call):
            self._count(node)
            self._check_call(node, depth)
        elif isinstance(node, ast.Attribute):
            raise self._error(node, f"a dot reaches into nothing here; .{node.attr} is not read")
        elif isinstance(node, ast.Tuple):
            raise self._error(node, "a comma is not read here; one expression has one value")
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
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            raise self._error(node, f"{node.value!r} is not a real number")
        try:
            number = float(node.value)
        except OverflowError:
            number = math.inf
        if abs(number) > MAXIMUM_MAGNITUDE:
            raise self._error(node, f"numbers up to {MAXIMUM_MAGNITUDE:g} are read")
        return number

    def _count(self, node: ast.expr) -> None:
        self.n_operations += 1
        if self.n_operations > MAXIMUM_OPERATIONS:
            raise self._error(node, f"at most {MAXIMUM_OPERATIONS} operations are read")

    def _move(self, statement: ast.stmt) -> None:
        """Shift the columns back to where they are in the text as it was typed."""
        for node in ast.walk(statement):
            if hasattr(node, "col_offset"):
                node.col_offset += _at(self.indents, node.lineno - 1)  # type: ignore[attr-defined]

    def _error(self, node: ast.expr | ast.stmt, message: str) -> ExpressionError:
        return ExpressionError(message, self.text, node.lineno - 1, node.col_offset)


class _Evaluator:
    """Carries out a checked expression. Plain numbers stay plain until they meet a Value."""

    def __init__(self, text: str, scope: Mapping[str, Value]) -> None:
        self.text = text
        self.scope = scope

    def visit(self, node: ast.expr) -> Value | float:
        try:
            result = self._compute(node)
        except UndefinedError as error:
            raise ExpressionError(
                str(error), self.text, node.lineno - 1, _culprit(node).col_offset
            ) from None
        number = result.data if isinstance(result, Value) else result
        if not abs(number) <= MAXIMUM_MAGNITUDE:
            raise ExpressionError(
                f"the result here is beyond {MAXIMUM_MAGNITUDE:g}, too large to go on with",
                self.text,
                node.lineno - 1,
                node.col_offset,
            )
        return result

    def _compute(self, node: ast.expr) -> Value | float:
        if isinstance(node, ast.Constant):
            return float(node.value)  # type: ignore[arg-type]  # a number, by the whitelist
        if isinstance(node, ast.Name):
            return self.scope[node.id]
        if isinstance(node, ast.UnaryOp):
            operand = self.visit(node.operand)
            return -operand if isinstance(node.op, ast.USub) else operand
        if isinstance(node, ast.Call):
            assert isinstance(node.func, ast.Name)
            return FUNCTIONS[node.func.id](_as_value(self.visit(node.args[0]), None))
        assert isinstance(node, ast.BinOp)
        left, right = self.visit(node.left), self.visit(node.right)
        if not isinstance(left, Value) and not isinstance(right, Value):
            left = _as_value(left, None)
            return self._operate(node.op, left, right)
        return self._operate(node.op, left, right)

    def _operate(self, op: ast.operator, left: Value | float, right: Value | float) -> Value:
        if isinstance(op, ast.Add):
            return left + right  # type: ignore[return-value]
        if isinstance(op, ast.Sub):
            return left - right  # type: ignore[return-value]
        if isinstance(op, ast.Mult):
            return left * right  # type: ignore[return-value]
        if isinstance(op, ast.Div):
            return left / right  # type: ignore[return-value]
        return left**right


def _culprit(node: ast.expr) -> ast.expr:
    """The part of an operation that its error is about."""
    if isinstance(node, ast.BinOp):
        return node.right if isinstance(node.op, ast.Div) else node.left
    return node


def _as_value(number: Value | float, name: str | None) -> Value:
    return number if isinstance(number, Value) else Value.leaf(number, name)
