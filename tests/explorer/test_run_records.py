"""Records are read as they grow, read anew when a resumed run cut them, and told whole as CSV."""

from __future__ import annotations

import json
from pathlib import Path

from explorer.run_records import MOST_KEPT, RunRecords, at_step, thin_out
from gpt.runs.journal import cut_after
from gpt.runs.run import Run


def write(path: Path, *records: dict) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)


def test_what_is_new_is_added_and_what_is_missing_stays_missing(tmp_path) -> None:
    run = Run(tmp_path)
    records = RunRecords(run)
    records.read()
    assert records.series("train_loss").values.tolist() == []
    write(run.metrics_file, {"step": 0, "validation_loss": 3.5}, {"step": 1, "train_loss": 3.0})
    records.read()
    write(run.metrics_file, {"step": 2, "train_loss": 2.5, "is_best": True})
    records.read()
    assert records.series("train_loss").steps.tolist() == [1, 2]
    assert records.series("train_loss").values.tolist() == [3.0, 2.5]
    assert records.series("validation_loss").values.tolist() == [3.5]
    assert records.names() == ["validation_loss", "train_loss"]


def test_the_ratios_of_every_matrix_are_series_of_their_own(tmp_path) -> None:
    run = Run(tmp_path)
    write(run.metrics_file, {"step": 5, "update_ratios": {"wte": 0.01, "lm_head": 0.02}})
    records = RunRecords(run)
    records.read()
    assert records.names("update_ratios/") == ["update_ratios/wte", "update_ratios/lm_head"]
    assert records.series("update_ratios/lm_head").values.tolist() == [0.02]


def test_a_run_cut_back_to_an_earlier_step_is_read_anew(tmp_path) -> None:
    run = Run(tmp_path)
    write(run.metrics_file, *({"step": step, "train_loss": float(step)} for step in range(1, 6)))
    write(run.samples_file, {"step": 0, "text": "a"}, {"step": 4, "text": "b"})
    records = RunRecords(run)
    records.read()
    cut_after(run.metrics_file, 3)
    cut_after(run.samples_file, 3)
    write(run.metrics_file, {"step": 4, "train_loss": 40.0})
    records.read()
    assert records.series("train_loss").values.tolist() == [1, 2, 3, 40]
    assert [sample["text"] for sample in records.samples] == ["a"]


def test_the_record_of_a_moment_is_the_last_before_it() -> None:
    records = [{"step": 0}, {"step": 50}, {"step": 100}]
    assert at_step(records, 99) == {"step": 50}
    assert at_step(records, 100) == {"step": 100}
    assert at_step(records[1:], 10) == {"step": 50}
    assert at_step([], 10) is None


def test_of_many_records_every_other_goes_and_the_ends_stay() -> None:
    records = [{"step": step} for step in range(10)]
    thin_out(records, 10)
    assert len(records) == 10
    thin_out(records, 5)
    assert [record["step"] for record in records] == [0, 4, 8, 9]


def test_however_long_a_run_a_bounded_number_of_histograms_is_kept(tmp_path) -> None:
    run = Run(tmp_path)
    records = RunRecords(run)
    for start in range(0, 3000, 500):
        write(run.histograms_file, *({"step": step} for step in range(start, start + 500)))
        records.read()
        steps = [record["step"] for record in records.histograms]
        assert (steps[0], steps[-1]) == (0, start + 499)
        assert MOST_KEPT / 2 < len(steps) <= MOST_KEPT
        assert steps == sorted(set(steps))


def test_the_csv_has_a_line_a_step_and_a_column_a_metric(tmp_path) -> None:
    run = Run(tmp_path)
    write(run.metrics_file, {"step": 0, "validation_loss": 3.5}, {"step": 1, "train_loss": 0.1})
    records = RunRecords(run)
    records.read()
    assert records.to_csv() == "step,validation_loss,train_loss\n0,3.5,\n1,,0.1\n"
