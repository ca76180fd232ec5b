"""What the browser fetches once: scripts as files, rather than with every element that uses them.

Streamlit sends a component's whole script with each of its elements, and again whenever the data of
one changes. A page of figures would so carry the same 24 kB ten times over. Here each element
carries a loader of a few lines, and the script lies where Streamlit serves static files.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import streamlit as st

HERE = Path(__file__).parent
STATIC = HERE.parent / "static"
LOADER = (HERE / "loader.js").read_text(encoding="utf-8")
PLACES_SCRIPT = (HERE / "places.js").read_text(encoding="utf-8")


def served_component(
    name: str, *, html: str, js: str, css: str | None = None, isolate_styles: bool = True
) -> Callable[..., Any]:
    """A component of the browser whose script, an ES module as `loader.js` asks, is a file."""
    script, places = served(name, js), served("places", PLACES_SCRIPT)
    component = st.components.v2.component(
        name,
        html=html,
        css=css,
        js=f'const [SCRIPT_URL, PLACES_URL] = ["{script}", "{places}"];\n{LOADER}',
        isolate_styles=isolate_styles,
    )
    return cast(Callable[..., Any], component)


def served(name: str, script: str) -> str:
    """Where the browser finds a script, from the page's own address; another has another name."""
    content = script.encode()
    file = f"{name}-{hashlib.sha256(content).hexdigest()[:12]}.js"
    put(STATIC, file, content)
    return f"app/static/{file}"


def put(folder: Path, name: str, content: bytes) -> Path:
    """A file of that content in a folder that is served, unless it is there already.

    Returns its path. The file appears whole or not at all, whoever else is starting up.
    """
    target = folder / name
    if target.exists() and target.stat().st_size == len(content):
        return target
    folder.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=folder, prefix=".unfinished-")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(unfinished).chmod(0o644)
    os.replace(unfinished, target)
    return target
