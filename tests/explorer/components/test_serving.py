"""Scripts that the browser fetches once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from explorer.components import serving

SCRIPT = "export default {};\n"


def test_a_file_appears_once_and_whole(tmp_path: Path) -> None:
    folder = tmp_path / "static"
    content = b"x" * 1_000_000
    starters = [
        threading.Thread(target=serving.put, args=(folder, "a.js", content)) for _ in range(4)
    ]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    (there,) = folder.iterdir()
    assert there.name == "a.js"
    assert there.read_bytes() == content
    written = there.stat().st_mtime_ns
    assert serving.put(folder, "a.js", content) == there
    assert there.stat().st_mtime_ns == written


def test_another_script_is_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "STATIC", tmp_path)
    serving.served_component("gpt_explorer_tried", html="<i></i>", js=SCRIPT)
    serving.served_component("gpt_explorer_tried", html="<i></i>", js=SCRIPT + "// changed\n")
    files = sorted(each.read_text() for each in tmp_path.glob("gpt_explorer_tried-*.js"))
    assert files == [SCRIPT, SCRIPT + "// changed\n"]


def test_the_script_for_the_whole_page_is_one_file_for_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "STATIC", tmp_path)
    for name in ("one", "other"):
        serving.served_component(f"gpt_explorer_{name}", html="<i></i>", js=SCRIPT)
    (places,) = tmp_path.glob("places-*.js")
    assert places.read_text() == serving.PLACES_SCRIPT
