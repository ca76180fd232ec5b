// Stands for a component's script until the browser has fetched it, once for all of its elements.
// Above this text, Python writes SCRIPT_URL.

let run = null;
const fetched = import(new URL(SCRIPT_URL, document.baseURI)).then((module) => (run = module.default));
const latest = new WeakMap(); // of an element that waits: what it was last called with

export default function (component) {
  if (run) return run(component);
  const { parentElement } = component;
  let leave = null;
  let isGone = false;
  latest.set(parentElement, component);
  fetched.then(() => {
    if (!isGone && latest.get(parentElement) === component) leave = run(component);
  });
  return () => {
    isGone = true;
    leave?.();
  };
}
