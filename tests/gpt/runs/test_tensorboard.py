from __future__ import annotations

import sys
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from gpt.runs.config import RunError
from gpt.runs.journal import read_records
from gpt.runs.tensorboard import export_to_tensorboard, tensorboard_archive


def test_every_number_becomes_a_point_of_a_curve(tiny: Any, tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    from tensorboardX.proto.event_pb2 import Event

    run = tiny.trained()
    export_to_tensorboard(run, tmp_path / "board")
    (file,) = (tmp_path / "board").iterdir()
    points: dict[str, dict[int, float]] = {}
    texts: dict[int, str] = {}
    for event in read_events(file.read_bytes(), Event):
        for value in event.summary.value:
            if value.HasField("simple_value"):
                points.setdefault(value.tag, {})[event.step] = value.simple_value
            else:
                texts[event.step] = value.tensor.string_val[0].decode()
    metrics = read_records(run.metrics_file)
    assert points["train_loss"] == {
        m["step"]: pytest.approx(m["train_loss"], rel=1e-6) for m in metrics[1:]
    }
    assert points["validation_loss"].keys() == {0, 6, 12, 18, 24}
    assert points["update_ratio/wte"].keys() == {8, 16, 24}
    samples = {s["step"]: s["text"].split("\n") for s in read_records(run.samples_file)}
    assert {step: [line.strip() for line in text.splitlines()] for step, text in texts.items()} == (
        samples
    )


def test_packed_for_a_browser_the_curves_lie_in_a_folder_of_the_run(tiny: Any) -> None:
    pytest.importorskip("tensorboardX")
    run = tiny.trained()
    with zipfile.ZipFile(BytesIO(tensorboard_archive(run))) as archive:
        (entry,) = (entry for entry in archive.infolist() if not entry.is_dir())
        assert entry.filename.startswith(f"{run.name}/events.out.tfevents")
        assert b"validation_loss" in archive.read(entry)


def read_events(contents: bytes, event_type: Any) -> list[Any]:
    """TFRecord: length, its checksum, the event, its checksum."""
    events = []
    while contents:
        length = int.from_bytes(contents[:8], "little")
        event = event_type()
        event.ParseFromString(contents[12 : 12 + length])
        events.append(event)
        contents = contents[16 + length :]
    return events


def test_without_the_package_there_is_a_sentence(
    tiny: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(RunError) as refusal:
        export_to_tensorboard(tiny.run(), tmp_path)
    assert str(refusal.value) == (
        "This needs a package that is not installed; pip install tensorboardX."
    )
