// What is pointed at answers: tooltips, the pin, folding, and the way through the graph by keys.

/** Let pointer and keyboard reach the nodes, edges and toggles of a pane. */
function listenToPane(instance, pane) {
  const { svg } = pane;
  const leave = () => point(instance, null);
  listenToPointers(pane, { onMove: leave, onTap: (event) => tap(instance, pane, event.target) });
  svg.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "touch") point(instance, foundAt(pane, event.target));
  });
  svg.addEventListener("pointerleave", leave);
  svg.addEventListener("focusin", ({ target }) => {
    const found = foundAt(pane, target);
    if (!found?.node || !target.matches(":focus-visible")) return;
    rove(pane, found.node.key);
    reveal(pane, found.node);
    point(instance, found);
  });
  svg.addEventListener("focusout", leave);
  svg.addEventListener("dblclick", ({ target }) => {
    const { node } = foundAt(pane, target) ?? {};
    if (node?.foldable) toggle(instance, node.path);
  });
  svg.addEventListener("keydown", (event) => press(instance, pane, event));
}

/** The node or edge that an element of the SVG belongs to. */
function foundAt(pane, element) {
  const key = element.closest?.("[data-key]")?.dataset.key;
  if (key === undefined) return null;
  if (element.closest(".node")) return { pane, node: pane.nodes.get(key).node };
  return { pane, edge: pane.edges.get(key).edge };
}

function tap(instance, pane, target) {
  const path = pathOf(pane, target);
  const node = foundAt(pane, target)?.node;
  if (path !== undefined) toggle(instance, path);
  else if (node) pin(instance, node.key === instance.pinned ? null : node.key);
  else if (!foundAt(pane, target)) pin(instance, null);
}

/** The path that a small round button folds or unfolds; undefined for any other element. */
function pathOf(pane, element) {
  if (!element.closest?.(".toggle")) return undefined;
  return element.closest(".frame")?.dataset.path ?? foundAt(pane, element)?.node.path;
}

function toggle(instance, path) {
  clearTimeout(instance.reporting.pinned); // the clicks before a double click were none
  point(instance, null);
  instance.toggled = path;
  instance.fire("toggle", path);
}

function pin(instance, key) {
  if (instance.pinned === key) return;
  instance.pinned = key;
  repaint(instance);
  report(instance, "pinned", 250);
}

const PANS = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };

function press(instance, pane, event) {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isChosen = key === "Enter" || key === " ";
  const node = target.closest(".toggle") ? null : foundAt(pane, target)?.node;
  if (isChosen && target !== pane.svg) tap(instance, pane, target);
  else if (key === " ") play(instance);
  else if (key === "Escape" && instance.pinned !== null) pin(instance, null);
  else if (key === "+" || key === "=") zoomInTheMiddle(pane, 1.25);
  else if (key === "-") zoomInTheMiddle(pane, 0.8);
  else if (key === "0") fit(pane, instance.drawing);
  else if (key in PANS && node) neighbour(instance, pane, node, key)?.element.focus();
  else if (key in PANS) pan(pane, ...PANS[key]);
  else return;
  event.preventDefault();
}

/** To the left the first input, to the right what uses it, else the next node above or below. */
function neighbour({ drawing }, pane, node, key) {
  const { links, nodes } = pane;
  if (key === "ArrowLeft") return nodes.get(links.into(node.key)[0]?.source);
  if (key === "ArrowRight") return nodes.get(links.outOf(node.key)[0]?.target);
  const way = key === "ArrowDown" ? 1 : -1;
  const cost = (other) => (other.y - node.y) * way + 3 * Math.abs(other.x - node.x);
  const there = drawing.nodes.filter((other) => (other.y - node.y) * way > 1);
  there.sort((one, other) => cost(one) - cost(other));
  return nodes.get(there[0]?.key);
}

/** One node of a graph can be reached by Tab; the arrow keys lead from there. */
function rove(pane, key) {
  pane.nodes.get(pane.reachable)?.element.setAttribute("tabindex", "-1");
  pane.reachable = key;
  pane.nodes.get(key)?.element.setAttribute("tabindex", "0");
}

/** Show what is known of a node or an edge beside it; null takes it away. */
function point(instance, found) {
  const old = instance.pointed;
  if (old && found && old.node === found.node && old.edge === found.edge) return;
  markNear(old, false);
  markNear(found, true);
  instance.pointed = found;
  describe(instance);
}

/** The edges of a node that is pointed at stand out. */
function markNear(found, isNear) {
  if (!found) return;
  const { pane, node, edge } = found;
  const near = edge ? [edge] : [...pane.links.into(node.key), ...pane.links.outOf(node.key)];
  for (const { key } of near) {
    pane.edges.get(key)?.element.classList.toggle("near", isNear);
    pane.edges.get(key)?.local?.classList.toggle("near", isNear);
  }
}

function describe(instance) {
  const { tooltip, pointed } = instance;
  tooltip.hidden = !pointed;
  if (!pointed) return;
  const { pane, node, edge } = pointed;
  if (node) tooltip.replaceChildren(...linesAbout(pane.state, node));
  else tooltip.replaceChildren(line("arithmetic", edge.title));
  const { element, texts } = (node ? pane.nodes : pane.edges).get((node ?? edge).key);
  const place = (element.querySelector(".box") ?? texts?.local ?? element).getBoundingClientRect();
  const around = instance.component.getBoundingClientRect();
  const { offsetWidth, offsetHeight } = tooltip;
  const left = place.left + place.width / 2 - around.left - offsetWidth / 2;
  const below = place.bottom - around.top + 8;
  const above = place.top - around.top - offsetHeight - 8;
  const isRoom = place.top - offsetHeight - 8 > 0;
  tooltip.style.left = `${Math.max(0, Math.min(left, around.width - offsetWidth))}px`;
  tooltip.style.top = `${isRoom ? above : below}px`;
}

/** A node in words: what it is, its data and gradient so far, and how each came to be. */
function linesAbout(state, node) {
  const { data, gradient, right } = state.node(node);
  const lines = [line("heading", [node.title, node.subtitle].filter(Boolean).join(" · "))];
  if (data) lines.push(line("forward", node.forward || `data = ${data}`));
  if (right !== undefined) {
    lines.push(line("backward", `grad = ${gradient}, but rightly ${right}`));
  } else if (gradient && gradient === node.gradient) {
    lines.push(line("backward", node.backward || `grad = ${gradient}`));
  } else if (gradient) {
    lines.push(line("backward", `grad = ${gradient} so far`));
  }
  return lines;
}

function line(name, text) {
  const element = document.createElement("p");
  element.className = name;
  element.textContent = text;
  return element;
}
