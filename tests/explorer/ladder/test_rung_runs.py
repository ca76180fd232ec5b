"""What is said of the run of a rung."""

from __future__ import annotations

from explorer.ladder.rung_runs import standing
from gpt.runs.demos import list_demos
from gpt.runs.status import Status


def test_the_loss_that_is_told_is_the_best_and_when_it_was() -> None:
    status = Status(
        "finished",
        heartbeat=0.0,
        steps=3000,
        step=3000,
        validation_loss=2.5675,
        best_step=2700,
        best_validation_loss=2.5657,
    )
    said = standing(list_demos().runs[0]._replace(status=status))
    assert said == (
        "finished after <b>3,000</b> steps, best validation loss <b>2.5657</b> at step 2,700"
    )
