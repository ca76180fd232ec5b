"""A running app and a real browser, for what only a browser shows."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "explorer" / "Home.py"
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
Serve = Callable[[Path], str]

expect.set_options(timeout=20_000)  # several things may run beside the tests


def without_browser(reason: str) -> None:
    """Skip, or fail where a browser was promised (``REQUIRE_BROWSER=1``)."""
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(f"REQUIRE_BROWSER=1, but {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium: the system's, or the one that playwright installed."""
    with sync_playwright() as playwright:
        found = shutil.which("chromium") or shutil.which("google-chrome")
        path = found or playwright.chromium.executable_path
        if not Path(path).exists():
            without_browser("there is no chromium on this machine")
        running = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh tab in the light theme; an error that the page did not catch fails the test."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, color_scheme="light", accept_downloads=True
    )
    tab = context.new_page()
    tab.set_default_timeout(20_000)
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    yield tab
    context.close()
    assert errors == []


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Run a Streamlit script and give its address; the same script is started only once.

    A script from ``apps/`` runs from a folder with the explorer's configuration and static files
    beside it, because Streamlit looks for both beside the script.
    """
    servers: dict[Path, tuple[subprocess.Popen[bytes], str]] = {}

    def start(script: Path) -> str:
        if script not in servers:
            target = script
            if script.parent != HOME.parent:
                folder = tmp_path_factory.mktemp(script.stem)
                target = folder / script.name
                shutil.copyfile(script, target)
                shutil.copytree(HOME.parent / ".streamlit", folder / ".streamlit")
                (folder / "static").symlink_to(HOME.parent / "static", target_is_directory=True)
            servers[script] = start_app(target)
        return servers[script][1]

    yield start
    for process, _ in servers.values():
        process.terminate()
        process.wait(timeout=10)


def start_app(script: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Run a Streamlit script on a free port; the process, and its address once it is healthy."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "streamlit", "run", str(script)),
            *("--server.port", str(port), "--server.address", "127.0.0.1"),
            *("--server.headless", "true", "--server.fileWatcherType", "none"),
        ],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
                return process, address
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    process.terminate()
    raise TimeoutError(f"{script.name} was not healthy within 30 seconds")
