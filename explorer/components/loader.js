// Stands for a component's script until the browser has fetched it, once for all of its elements,
// and keeps what the script made for each element. Above this text, Python writes SCRIPT_URL.
//
// The script's default export says what to do: `create(element)` makes a view at the first call,
// `receive(view, component)` is told of that and of every later one, whenever the data or the theme
// changes, and `leave(view)` comes when the element goes.

let script = null;
const fetched = import(new URL(SCRIPT_URL, document.baseURI)).then(
  (module) => (script = module.default),
);
const latest = new WeakMap(); // of an element: what it was last called with
const views = new WeakMap();

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
    const view = views.get(parentElement);
    if (view === undefined) return;
    views.delete(parentElement);
    script.leave(view);
  };
}

function show(component) {
  const { parentElement } = component;
  if (!views.has(parentElement)) views.set(parentElement, script.create(parentElement));
  script.receive(views.get(parentElement), component);
}
