"""How the loader of a component's script keeps what the script made, by itself in the browser."""

from __future__ import annotations

import json
from urllib.parse import quote

from playwright.sync_api import Page

from explorer.components.serving import LOADER

SCRIPT = """
export default {
  create(element) {
    const view = document.createElement("p");
    element.append(view);
    return view;
  },
  receive(view, component) { view.textContent = component.data; },
  leave(view) { window.left = (window.left ?? []).concat(view.textContent); },
};
"""

CALLS = """async (source) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const { default: component } = await import(url);
  const settled = () => new Promise((done) => setTimeout(done, 50));
  const make = () => document.body.appendChild(document.createElement("div"));
  const [hidden, removed] = [make(), make()];

  const letGo = component({ parentElement: hidden, data: "early" });
  component({ parentElement: hidden, data: "first" }); // before the script has come
  component({ parentElement: removed, data: "other" });
  await settled();
  const first = hidden.innerHTML;

  letGo(); // hidden for a moment, and in the page all the time
  await settled();
  component({ parentElement: hidden, data: "second" });
  const again = hidden.innerHTML;
  const leftWhileHidden = window.left ?? [];

  removed.remove();
  component({ parentElement: hidden, data: "third" });
  return [first, again, leftWhileHidden, window.left, hidden.innerHTML];
}"""


def test_an_element_that_is_hidden_for_a_moment_keeps_its_one_view(page: Page) -> None:
    script = f"data:text/javascript,{quote(SCRIPT)}"
    urls = json.dumps([script, "data:text/javascript,"])
    loader = f"const [SCRIPT_URL, PLACES_URL] = {urls};\n{LOADER}"
    first, again, left_while_hidden, left, last = page.evaluate(CALLS, loader)
    assert first == "<p>first</p>"
    assert again == "<p>second</p>"
    assert left_while_hidden == []
    assert left == ["other"]
    assert last == "<p>third</p>"
