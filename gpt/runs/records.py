"""What the lines of a run's records look like, checked where they come from outside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gpt.runs.config import RunError
from gpt.runs.journal import Record, parse_line

Check = Callable[[object], bool]

_LARGEST = 1e300

# No recorder writes a longer line, in bytes, nor says who did what in more characters.
LONGEST_LINE = 5_000_000
_LONGEST_NAME = 200


def check_records(path: Path) -> None:
    """Raises RunError, naming the line, unless every line is one that a recorder writes."""
    schema = _SCHEMAS[path.name]
    last_step = -1
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), b""), start=1):
            record = parse_line(line) if line.endswith(b"\n") else None
            wrong = "it is not a JSON object" if record is None else _fault_in(record, schema)
            if len(line) == LONGEST_LINE:
                wrong = f"it is longer than {LONGEST_LINE:,} bytes"
            if wrong is None and record and path.name not in _UNORDERED:
                wrong = None if record["step"] > last_step else "its step is not later"
                last_step = record["step"]
            if wrong:
                raise RunError(f"{path.name} is wrong in line {number:,}: {wrong}.")


def _fault_in(record: Record, schema: dict[str, Check]) -> str | None:
    for name, is_right in schema.items():
        if name.endswith("?"):
            name = name.removesuffix("?")
            if name not in record:
                continue
        if name not in record:
            return f"it lacks {name}"
        if not is_right(record[name]):
            return f"its {name} cannot be {repr(record[name])[:40]}"
    known = {name.removesuffix("?") for name in schema}
    strange = next((name for name in record if name not in known), None)
    return f"it has {strange[:40]!r}" if strange is not None else None


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**12


def _is_number(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    # JSON knows whole numbers of any length, floats have an end.
    return is_number and abs(value) < _LARGEST  # type: ignore[arg-type]


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_NAME


def _is_true(value: object) -> bool:
    return value is True


def _is_number_or_none(value: object) -> bool:
    return value is None or _is_number(value)


def _is_ratios(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_number, value.values()))


def _is_histogram(value: object) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"low", "high", "counts"}
        and _is_number(value["low"])
        and _is_number(value["high"])
        and isinstance(value["counts"], list)
        and 0 < len(value["counts"]) <= 1000
        and all(map(_is_count, value["counts"]))
    )


def _is_matrices(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(parts, dict)
        and parts.keys() == {"weight", "gradient", "update"}
        and all(map(_is_histogram, parts.values()))
        for parts in value.values()
    )


_SCHEMAS: dict[str, dict[str, Check]] = {
    "metrics.jsonl": {
        "step": _is_count,
        "train_loss?": _is_number,
        "validation_loss?": _is_number,
        "validation_accuracy?": _is_number,
        "validation_exact_match?": _is_number,
        "is_best?": _is_true,
        "learning_rate?": _is_number,
        "gradient_norm?": _is_number,
        "milliseconds?": _is_number,
        "tokens_per_second?": _is_number,
        "update_ratios?": _is_ratios,
        "ending?": _is_name,
    },
    "samples.jsonl": {"step": _is_count, "text": _is_text},
    "histograms.jsonl": {"step": _is_count, "matrices": _is_matrices},
    "events.jsonl": {
        "step": _is_count,
        "time": _is_number,
        "who": _is_name,
        "what": _is_name,
        "value?": _is_number_or_none,
    },
    "commands.jsonl": {
        "time": _is_number,
        "who": _is_name,
        "action": _is_name,
        "value?": _is_number_or_none,
    },
}
"""Of every record its fields, those that may be missing with a question mark."""

# Commands have no step, and history may repeat one.
_UNORDERED = ("events.jsonl", "commands.jsonl")
