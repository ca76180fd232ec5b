"""What tests of runs compare with."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest


@pytest.fixture(scope="package")
def undisturbed(
    tiny_runs: Any, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], dict[str, Any]]:
    """What a run leaves that nobody touched, by its kind."""

    @cache
    def train(kind: str) -> dict[str, Any]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("GPT_RUNS", str(tmp_path_factory.mktemp("undisturbed")))
            left: dict[str, Any] = tiny_runs.everything(tiny_runs.trained(kind))
            return left

    return train
