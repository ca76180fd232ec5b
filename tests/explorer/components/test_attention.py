"""Messages of the attention view, as the browser unpacks them."""

from __future__ import annotations

import json
import struct

import numpy as np

from explorer.components.film import pack


def test_every_array_is_where_the_message_says() -> None:
    arrays = {
        "small": np.arange(5, dtype=np.uint8),
        "exact": np.array([0.5, -1.25], dtype=np.float32),
        "words": np.array([[1, 65535]], dtype=np.uint16),
    }
    message = pack({"name": "x"}, arrays)
    (length,) = struct.unpack_from("<I", message)
    head = json.loads(message[4 : 4 + length])
    assert head["name"] == "x"
    kinds = {"f4": np.float32, "u2": np.uint16, "u1": np.uint8}
    for name, array in arrays.items():
        kind, start, count = head["arrays"][name]
        found = np.frombuffer(message, kinds[kind], count, 4 + length + start)
        np.testing.assert_array_equal(found, array.ravel())
