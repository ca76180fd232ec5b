"""A press is kept until it is answered, whatever else is pressed meanwhile."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

ASKING = """
import streamlit as st
from explorer.on_demand import answer, ask

state = st.session_state
about = state.get("about", "this")

def work():
    state.begun = state.get("begun", 0) + 1
    if state.get("is cut short"):
        st.stop()  # as when something else is used
    if about == "nothing":
        raise ValueError("There is nothing to work on.")
    if about == "too much":
        raise MemoryError("There is no room.")
    return f"found about {about}"

ask("Work", "result", about, icon=":material/timer:")
found = answer("result", about, work, "Working …")
if found:
    st.text(found)
"""


def page(**given: object) -> AppTest:
    app = AppTest.from_string(ASKING)
    for name, value in given.items():
        app.session_state[name.replace("_", " ")] = value
    return app.run()


def test_nothing_is_worked_out_before_it_is_asked_for_and_then_once() -> None:
    app = page()
    assert "begun" not in app.session_state
    app.button[0].click().run()
    assert [each.value for each in app.text] == ["found about this"]
    app.run()
    assert [each.value for each in app.text] == ["found about this"]
    assert app.session_state.begun == 1


def test_work_that_was_cut_short_is_taken_up_again() -> None:
    app = page(is_cut_short=True)
    app.button[0].click().run()
    assert not app.text
    app.session_state["is cut short"] = False
    app.run()
    assert [each.value for each in app.text] == ["found about this"]
    assert app.session_state.begun == 2


def test_what_was_found_about_something_else_is_outdated_and_not_worked_out_unasked() -> None:
    app = page()
    app.button[0].click().run()
    app.session_state["about"] = "that"
    app.run()
    assert not app.text
    assert "press the button again" in app.get("html")[0].value
    assert app.session_state.begun == 1


def test_a_mistake_is_told_and_the_press_is_answered() -> None:
    app = page(about="nothing")
    app.button[0].click().run()
    assert "There is nothing to work on." in app.markdown[0].value
    app.run()
    assert app.session_state.begun == 1


def test_work_that_broke_is_not_tried_again_unasked() -> None:
    app = page(about="too much")
    app.button[0].click().run()
    assert [each.message for each in app.exception] == ["There is no room."]
    app.run()
    assert not app.exception
    assert app.session_state.begun == 1
