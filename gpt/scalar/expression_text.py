"""What can be said about a typed expression before Python's parser has seen it.

The parser gets to read only lines that hold no character and no word that has no place in
arithmetic, and no parenthesis without its partner. What is wrong with the others is said here, in
a sentence and with the place.
"""

from __future__ import annotations

import re
from keyword import iskeyword

MAXIMUM_LENGTH = 2_000
MAXIMUM_NESTING = 60

_UNDERSTOOD = re.compile(r"[A-Za-z0-9_.+\-*/()= \t]")
_WORD_OR_NUMBER = re.compile(
    r"(?P<word>[A-Za-z_]\w*)|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?P<tail>\w*)"
)
_SUGGESTIONS = {
    "^": "for a power write **",
    "×": "for a product write *",
    "÷": "for a quotient write /",
    "−": "for a minus write -",
    ",": "a function takes one value, and a decimal point is a point",
}


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


def read_lines(text: str) -> list[str]:
    """The lines of a text without their comments, in which anything at all may stand.

    Raises:
        ExpressionError: the text is too long, empty, unbalanced, or holds something not understood.
    """
    if len(text) > MAXIMUM_LENGTH:
        raise ExpressionError(
            f"the expression has {len(text):,} characters; at most {MAXIMUM_LENGTH:,} are read"
        )
    lines = [line.partition("#")[0] for line in text.split("\n")]
    _check_characters(text, lines)
    _check_words(text, lines)
    _check_parentheses(text, lines)
    if not any(map(str.strip, lines)):
        raise ExpressionError("there is nothing here yet; type an expression such as a*b + a", text)
    return lines


def _check_characters(text: str, lines: list[str]) -> None:
    for line_number, line in enumerate(lines):
        for column, character in enumerate(line):
            if not _UNDERSTOOD.match(character):
                hint = _SUGGESTIONS.get(character, "use numbers, names, + - * / ** and parentheses")
                message = f"the character {character!r} is not understood here; {hint}"
                raise ExpressionError(message, text, line_number, column)


def _check_words(text: str, lines: list[str]) -> None:
    for line_number, line in enumerate(lines):
        for found in _WORD_OR_NUMBER.finditer(line):
            if found["word"] and iskeyword(found["word"]):
                message = f"{found['word']} is a word of Python's own; choose another name"
                raise ExpressionError(message, text, line_number, found.start())
            if found["tail"]:
                message = "a number runs into a name here; write 2*x for two times x"
                raise ExpressionError(message, text, line_number, found.start("tail"))


def _check_parentheses(text: str, lines: list[str]) -> None:
    opened: list[tuple[int, int]] = []
    for line_number, line in enumerate(lines):
        for column, character in enumerate(line):
            if character == "(":
                opened.append((line_number, column))
                if len(opened) > MAXIMUM_NESTING:
                    message = f"parentheses are nested more than {MAXIMUM_NESTING} deep"
                    raise ExpressionError(message, text, line_number, column)
            elif character == ")":
                if not opened:
                    message = "this ) closes nothing; a ( is missing before it"
                    raise ExpressionError(message, text, line_number, column)
                opened.pop()
    if opened:
        raise ExpressionError("this ( is never closed; a ) is missing", text, *opened[-1])
