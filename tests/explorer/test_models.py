"""Models that pages keep open."""

from __future__ import annotations

import pytest

from explorer import models
from gpt.runs.demos import list_demos


def test_models_stay_open_as_far_as_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "_opened", {})
    run = next(each.run for each in list_demos().runs if each.run.name == "copy")
    first, second, third = (each.step for each in run.checkpoints()[:3])
    opened = models.model_at(run, first)
    assert models.model_at(run, first) is opened
    size = models.size_of(opened)
    assert size == sum(each.numel() for each in opened.model.parameters())
    monkeypatch.setattr(models, "MOST_PARAMETERS", 2 * size)
    models.model_at(run, second)
    models.model_at(run, first)  # used again, so the second is now the older one
    models.model_at(run, third)
    assert list(models._opened) == [(run, first), (run, third)]
