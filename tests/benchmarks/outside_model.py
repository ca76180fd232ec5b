"""How a random GPT-2 of the full 124M shape is opened, looked into and shown, at 64 tokens.

Run by hand: python tests/benchmarks/outside_model.py. Takes some 2 GB of memory and 1 GB of disk,
which it gives back.
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import tokenizers
import transformers
from streamlit.testing.v1 import AppTest

from gpt.lens.opening import open_model
from gpt.report.report import write_report
from gpt.runs.library import find_run
from gpt.runs.outside import adopt_model

HOME = Path(__file__).parents[2] / "explorer" / "Home.py"
TEXT = "First Citizen: before we proceed any further, hear me speak. "
PAGES = {
    "attention": "attention text",
    "inside": "inside text",
    "sampling": "sampling prompt",
    "compare": "compare text",
}


def save_random_gpt2(folder: Path) -> None:
    """GPT-2's shape and vocabulary; a tokenizer of bytes, whose other ids lead to no text."""
    transformers.GPT2LMHeadModel(transformers.GPT2Config()).save_pretrained(folder)
    alphabet = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    ids = {byte: i for i, byte in enumerate(alphabet)}
    library = tokenizers.Tokenizer(tokenizers.models.BPE(ids, []))
    library.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    library.decoder = tokenizers.decoders.ByteLevel()
    library.save(str(folder / "tokenizer.json"))


def measure(name: str, work: Callable[[], object]) -> None:
    """Prints seconds on the clock and of the processor, and the memory's peak so far."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(f"{name:34} {clock:7.2f} s {processor:7.2f} s {peak:9,.0f} MB", flush=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "gpt2"
        os.environ["GPT_RUNS"] = str(Path(scratch) / "runs")
        save_random_gpt2(folder)
        print(f"{'':34} {'clock':>9} {'processor':>9} {'peak':>12}")
        measure("adopt the folder", lambda: adopt_model(str(folder)))
        opened = []
        measure("open the run", lambda: opened.append(open_model(find_run("gpt2"))))
        tokens = opened[0].encode(TEXT * 2).tokens[:64]
        measure("trace 64 tokens", lambda: opened[0].trace(tokens))
        measure("trace them again", lambda: opened[0].trace(tokens))
        measure("write a report", lambda: write_report(find_run("gpt2")))
        for page, key in PAGES.items():
            app = AppTest.from_file(str(HOME), default_timeout=600).run()
            measure(f"{page}: first", app.switch_page(f"../pages/{page}.py").run)
            for edit in (TEXT, TEXT.replace("First", "Third")):
                app.text_area(key=key).set_value(edit[:63])
                measure(f"{page}: another text of 64 tokens", app.run)
            assert not app.exception


if __name__ == "__main__":
    main()
