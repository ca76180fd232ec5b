"""A page as a visitor opens it, without a browser; and what it then says."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

HOME = Path(__file__).parents[2] / "explorer" / "Home.py"
PATIENCE = 90  # seconds, for a machine that has others to serve


def _open() -> AppTest:
    app = AppTest.from_file(str(HOME), default_timeout=PATIENCE)
    app.session_state["is styled"] = True  # there is no browser that has to be waited for
    return app


def open_home() -> AppTest:
    app = _open().run()
    assert not app.exception
    return app


def open_page(name: str, **query: str) -> AppTest:
    """The page of that name, by a link that says so much."""
    app = _open()
    for parameter, value in query.items():
        app.query_params[parameter] = value
    app.run()
    app.switch_page(f"../pages/{name}.py").run()
    assert not app.exception
    return app


def html(app: AppTest) -> str:
    """All that it draws as markup of its own."""
    return "\n".join(element.proto.body for element in app.get("html"))


def words(app: AppTest) -> str:
    """All that it says in Markdown: mistakes, above all."""
    return "\n".join(element.value for element in app.markdown)


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception
    return app
