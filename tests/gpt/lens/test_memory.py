from __future__ import annotations

import subprocess
import sys

import pytest

# A few hundred arrays of a megabyte come and go; how many megabytes does the process still hold?
PROGRAM = """
import numpy, psutil
from gpt.lens.memory import keep_freed_memory
print(keep_freed_memory() if {keep} else False)
held = lambda: psutil.Process().memory_info().rss / 2**20
before = held()
arrays = [numpy.ones(2**17) for _ in range(200)]
del arrays
print(held() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a setting of glibc")
def test_memory_once_used_is_kept_for_the_next() -> None:
    def megabytes_held(keep: bool) -> float:
        program = [sys.executable, "-c", PROGRAM.format(keep=keep)]
        printed = subprocess.run(program, capture_output=True, text=True, check=True).stdout
        done, held = printed.split()
        if keep and done == "False":
            pytest.skip("this C library is not glibc")
        return float(held)

    assert megabytes_held(True) > 190
    assert megabytes_held(False) < 50
