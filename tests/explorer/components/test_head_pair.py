"""Messages of the pair of heads, as the browser unpacks them."""

from __future__ import annotations

import json
import struct

import numpy as np

from explorer.components.head_pair import HeadPair, message_of, scales


def test_of_each_head_the_triangle_is_sent_exactly() -> None:
    first = np.array([[1, 0], [0.75, 0.25]], dtype=np.float32)
    second = np.array([[1, 0], [0.1, 0.9]], dtype=np.float32)
    names = ("A", "B", "B − A")
    message = message_of(HeadPair(["a", " "], first, second, names, names), "seen", 440, "pair")
    (length,) = struct.unpack_from("<I", message)
    head = json.loads(message[4 : 4 + length])
    assert head["tokens"] == ["a", "·"]
    assert (head["alt"], head["height"], head["filename"]) == ("seen", 440, "pair")
    for name, triangle in (("first", [1, 0.75, 0.25]), ("second", [1, 0.1, 0.9])):
        kind, start, count = head["arrays"][name]
        numbers = np.frombuffer(message, f"<{kind}", count, 4 + length + start)
        np.testing.assert_array_equal(numbers, np.array(triangle, dtype=np.float32))


def test_cells_have_the_colours_of_either_theme() -> None:
    light, dark = scales()["light"], scales()["dark"]
    a, b, difference = light
    assert a[0] == b[0] == difference[5] == (0xFD, 0xFC, 0xF9), "nothing is the ground"
    assert a[-1] == difference[0] == (0x00, 0x72, 0xB2), "A looks more in the colour of A"
    assert b[-1] == difference[-1] == (0xC4, 0x26, 0x6B), "and B in that of B"
    assert dark[2][0] == (0x56, 0xB4, 0xE9)
