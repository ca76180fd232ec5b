"""`python -m gpt trace`, as somebody types it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gpt.__main__ import main
from gpt.lens.opening import open_model
from gpt.runs.arrays import read_arrays


@pytest.mark.parametrize("kind", ["scalar", "tensor"])
def test_every_activation_is_written_under_its_name(
    tiny: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    run, out = tiny.trained(kind), tmp_path / "anna.safetensors"
    assert main(["trace", run.name, "--prompt", "anna", "--step", "6", "--out", str(out)]) == 0
    opened = open_model(run, 6)
    expected = opened.trace(opened.encode("anna").tokens)
    assert capsys.readouterr().out == f"{out}: {len(expected)} activations of 5 tokens\n"
    arrays, about = read_arrays(out)
    assert arrays.keys() == set(expected)
    for name, array in arrays.items():
        assert np.array_equal(array, expected[name].numpy()), name
    assert (about["run"], about["step"]) == (run.name, "6")
    assert json.loads(about["tokens"]) == opened.encode("anna").tokens
    assert json.loads(about["texts"]) == ["", "a", "n", "n", "a"]


def test_what_cannot_be_traced_gets_a_sentence(
    tiny: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, out = tiny.trained(), tmp_path / "x.safetensors"
    cases = [
        (("nobody", "--prompt", "a", "--out", out), "There is no run nobody in"),
        ((run.name, "--prompt", "a", "--step", "7", "--out", out), "has no checkpoint of step 7"),
        ((run.name, "--prompt", "a!", "--out", out), "The character '!' is unknown"),
        ((run.name, "--prompt", "a", "--out", tmp_path / "x.npz"), "names a .safetensors file"),
        ((run.name, "--prompt", "a", "--out", tmp_path / "no" / "x.safetensors"), "cannot be wri"),
    ]
    for arguments, sentence in cases:
        assert main(["trace", *map(str, arguments)]) == 2
        assert sentence in capsys.readouterr().err
    assert not out.exists()
    assert main(["trace", run.name, "--prompt", "annabella", "--out", str(out)]) == 0
    assert "the first 4 tokens of the prompt are left out" in capsys.readouterr().err
    assert json.loads(read_arrays(out).metadata["texts"]) == list("abella")
