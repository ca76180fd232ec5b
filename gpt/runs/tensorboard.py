"""A run's curves in the format of TensorBoard, for whoever compares theirs there."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from gpt.runs.config import RunError
from gpt.runs.journal import read_records
from gpt.runs.run import Run

PACKAGE = "tensorboardX"


def export_to_tensorboard(run: Run, folder: Path) -> None:
    """Writes every number of the metrics as a curve, and every sample as a text.

    Raises RunError if the package that writes them is not installed, or the folder not writable.
    """
    try:
        from tensorboardX import SummaryWriter
    except ImportError:
        raise RunError(
            f"This needs a package that is not installed; pip install {PACKAGE}."
        ) from None
    try:
        with SummaryWriter(str(folder)) as writer:
            for record in read_records(run.metrics_file):
                step = record.pop("step")
                ratios = record.pop("update_ratios", {})
                curves = record | {f"update_ratio/{name}": r for name, r in ratios.items()}
                for name, value in curves.items():
                    if isinstance(value, int | float) and not isinstance(value, bool):
                        writer.add_scalar(name, value, step)
            for sample in read_records(run.samples_file):
                # Indented, or the text would be taken for Markdown.
                text = "".join(f"    {line}\n" for line in sample["text"].split("\n"))
                writer.add_text("sample", text, sample["step"])
    except OSError as error:
        raise RunError(f"{folder} cannot be written: {error.strerror or error}.") from None


def tensorboard_archive(run: Run) -> bytes:
    """The same as a zip file, in which the curves lie in a folder called after the run.

    Raises RunError as `export_to_tensorboard` does.
    """
    archive = BytesIO()
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        export_to_tensorboard(run, Path(folder) / run.name)
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            for path in sorted(Path(folder).rglob("*")):
                packed.write(path, path.relative_to(folder))
    return archive.getvalue()
