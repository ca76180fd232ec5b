// Brings what is drawn up to date with a state of every node and edge (see pass.js).

function paint(pane, drawing, state, flashes) {
  for (const node of drawing.nodes) {
    paintNode(pane.nodes.get(node.key), node, state.node(node), flashes);
  }
  const flows = [];
  for (const edge of drawing.edges) {
    const record = pane.edges.get(edge.key);
    const { classes, phase } = state.edge(edge);
    paintEdge(record, edge, classes, phase);
    if (phase) flows.push(`<path class="flow ${phase}" d="${pathThrough(record.curve)}"/>`);
  }
  const markup = flows.join("");
  if (pane.flowing !== markup) pane.flows.innerHTML = markup;
  pane.flowing = markup;
}

function paintNode(record, node, state, flashes) {
  const { element, shown } = record;
  record.node = node;
  const mark = node.dead ? "dead" : state.right === undefined ? "" : `≠ ${state.right}`;
  write(record, "data", state.data, flashes);
  write(record, "gradient", state.gradient, flashes);
  write(record, "mark", mark, false);
  assign(element, shown, "class", `node ${node.kind} ${state.classes}`);
  assign(element, shown, "aria-pressed", String(state.isPinned));
  const numbers = [state.data && `data ${state.data}`, state.gradient && `grad ${state.gradient}`];
  assign(element, shown, "aria-label", [node.title, ...numbers, mark].filter(Boolean).join(", "));
}

function paintEdge(record, edge, classes, phase) {
  const { element, local, shown } = record;
  record.edge = edge;
  write(record, "local", edge.local, false);
  const isBackward = phase === "backward";
  if ((shown.isBackward ?? false) !== isBackward) {
    shown.isBackward = isBackward;
    const head = isBackward ? arrowhead(edge.points[0], 1) : arrowhead(edge.points.at(-1), -1);
    element.setAttribute("d", pathThrough(record.curve) + head);
  }
  if (shown.classes === classes) return;
  shown.classes = classes;
  element.setAttribute("class", `edge${edge.count > 1 ? " many" : ""} ${classes}`);
  local?.setAttribute("class", `local ${classes}`);
}

function write({ texts, shown, node }, name, text, flashes) {
  if (shown[name] === text) return;
  const isNews = shown[name] !== undefined;
  shown[name] = text;
  const element = texts?.[name];
  if (!element) return;
  setText(element, text, node?.width);
  if (flashes && isNews && text) {
    element.animate([{ opacity: 0.3 }, { opacity: 1 }], { duration: 450, easing: "ease-out" });
  }
}

function assign(element, shown, attribute, value) {
  if (shown[attribute] === value) return;
  shown[attribute] = value;
  element.setAttribute(attribute, value);
}
