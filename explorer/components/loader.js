// Stands for a component's script until the browser has fetched it, once for all of its elements,
// and keeps what the script made for each element. Above this text, Python writes SCRIPT_URL, and
// PLACES_URL, of a script for the whole page, which the browser runs once however often it is named.
//
// The script's default export says what to do: `create(element)` makes a view at the first call,
// `receive(view, component)` is told of that and of every later one, whenever the data or the theme
// changes, and `leave(view)` comes when the element goes.

import(new URL(PLACES_URL, document.baseURI));
let script = null;
const fetched = import(new URL(SCRIPT_URL, document.baseURI)).then(
  (module) => (script = module.default),
);
const latest = new WeakMap(); // of an element: what it was last called with
const views = new Map(); // by their elements

export default function (component) {
  const { parentElement } = component;
  let isGone = false;
  latest.set(parentElement, component);
  if (script) show(component);
  else {
    fetched.then(() => {
      if (!isGone && latest.get(parentElement) === component) show(component);
    });
  }
  return () => {
    isGone = true;
    setTimeout(leaveThoseGone); // when the element is out of the page, if it is going
  };
}

function show(component) {
  const { parentElement } = component;
  leaveThoseGone();
  if (!views.has(parentElement)) views.set(parentElement, script.create(parentElement));
  script.receive(views.get(parentElement), component);
}

/** Only those: an element that React hides for a moment is let go of as well, and then called anew
 * with all that its view has put into it. A second view would put the same into it again. */
function leaveThoseGone() {
  for (const [element, view] of views) {
    if (element.isConnected) continue;
    views.delete(element);
    script.leave(view);
  }
}
