"""A run that ships, as the Sampling page lets it write."""

from __future__ import annotations

from explorer.sampling.subject import Subject
from gpt.lens.opening import open_model
from gpt.lens.writing import start_text
from gpt.runs.demos import list_demos


def shipped_writer(name: str, prompt: str) -> Subject:
    """Its newest model behind a prompt, with a seed of 7 and room for 100 tokens."""
    summary = next(each for each in list_demos().runs if each.run.name == name)
    steps = tuple(each.step for each in summary.run.checkpoints())
    opened = open_model(summary.run)
    return Subject(
        summary, steps[-1], steps, opened, tuple(start_text(opened, prompt)), 7, 100, "crop"
    )
