"""Memory for those who trace over and over."""

from __future__ import annotations

import ctypes

# The numbers by which glibc's mallopt knows its settings.
_TRIM_THRESHOLD = -1
_MMAP_THRESHOLD = -3
_LARGEST_MMAP_THRESHOLD = 32 * 2**20  # glibc takes no more


def keep_freed_memory(megabytes: int = 256) -> bool:
    """Lets this process keep that much of the memory that it frees, for the next tensors.

    A trace holds all activations of a pass at once, which is most of what it costs: the C library
    takes fresh pages from the system for them, and gives all back when the trace is dropped. With
    this the next trace finds them where they were. It holds for the whole process, so the page or
    program that traces decides it, once.

    Returns whether it could be done: it is a setting of glibc, so on Linux.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(
        mallopt(_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD)
        and mallopt(_TRIM_THRESHOLD, megabytes * 2**20)
    )
