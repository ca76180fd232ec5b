// A drawing as SVG: built in one pass, and afterwards changed only where a number changed.

/** What decides how a drawing is laid out; while it is the same, only numbers have changed. */
function structureOf({ nodes, frames, edges, walks }) {
  const boxes = nodes.map((node) => {
    const { key, x, y, width, height, title, subtitle, kind, foldable } = node;
    return [key, x, y, width, height, title, subtitle, kind, foldable, ...rowsOf(node)];
  });
  const lines = edges.map(({ key, points }) => [key, points]);
  return JSON.stringify([boxes, frames, lines, walks.map(({ name }) => name)]);
}

/** Which of its two numbers a node ever shows: a constant has no gradient, a group may have none. */
function rowsOf({ data, gradient }) {
  return [data !== "", gradient !== ""];
}

/** Build the drawing in a pane's SVG, and remember which element belongs to which key. */
function build(pane, drawing) {
  const { scene } = pane;
  scene.innerHTML =
    `<g class="frames">${drawing.frames.map(frameMarkup).join("")}</g>` +
    `<g class="edges">${drawing.edges.map(edgeMarkup).join("")}</g>` +
    `<g class="locals">${drawing.edges.map(localMarkup).join("")}</g>` +
    `<g class="nodes">${drawing.nodes.map(nodeMarkup).join("")}</g>`;
  const [, edges, locals, nodes] = scene.children;
  pane.edges = new Map(
    drawing.edges.map((edge, index) => [
      edge.key,
      { element: edges.children[index], local: locals.children[index], shown: {} },
    ]),
  );
  pane.nodes = new Map(
    drawing.nodes.map((node, index) => {
      const element = nodes.children[index];
      const part = (name) => element.querySelector(`.${name}`);
      const parts = { data: part("data"), gradient: part("gradient"), mark: part("mark") };
      return [node.key, { element, parts, shown: {} }];
    }),
  );
}

function frameMarkup({ path, title, x, y, width, height }) {
  return (
    `<g class="frame" data-path="${escaped(path)}">` +
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="10"/>` +
    `<text x="${x + 30}" y="${y + 19}">${escaped(title)}</text>` +
    foldMarkup(x + 16, y + 15, `fold ${title}`, false) +
    `</g>`
  );
}

/** A small round button: plus unfolds, minus folds. */
function foldMarkup(x, y, name, isPlus) {
  return (
    `<g class="toggle" role="button" tabindex="0" aria-label="${escaped(name)}"` +
    ` transform="translate(${x} ${y})"><circle class="reach" r="13"/><circle r="7.5"/>` +
    `<path d="M-3.5 0H3.5${isPlus ? "M0-3.5V3.5" : ""}"/></g>`
  );
}

function nodeMarkup(node) {
  const { key, x, y, width, height, title, subtitle, kind, foldable } = node;
  const left = -width / 2;
  const top = -height / 2;
  const box = `x="${left}" y="${top}" width="${width}" height="${height}" rx="7"`;
  const [hasData, hasGradient] = rowsOf(node);
  const rows = (hasData ? 17 : 0) + (hasGradient ? 17 : 0);
  let baseline = -(20 + (subtitle ? 15 : 0) + rows) / 2 + 14.5;
  const fitted = (text) => escaped(shortened(text, Math.floor((width - 16) / 8.2)));
  let text = `<text class="title" y="${baseline}">${fitted(title)}</text>`;
  if (subtitle) text += `<text class="subtitle" y="${(baseline += 15)}">${fitted(subtitle)}</text>`;
  baseline += 2;
  const row = (name, label) => {
    baseline += 17;
    text +=
      `<text class="label" x="${left + 10}" y="${baseline}">${label}</text>` +
      `<text class="number ${name}" x="${-left - 10}" y="${baseline}"></text>`;
  };
  if (hasData) row("data", "data");
  if (hasGradient) row("gradient", "grad");
  return (
    `<g class="node ${kind}" data-key="${escaped(key)}" role="button" tabindex="-1"` +
    ` transform="translate(${x} ${y})">` +
    (kind === "group" ? `<rect class="behind" ${box} transform="translate(4 4)"/>` : "") +
    `<rect class="ground" ${box}/><rect class="box" ${box}/>${text}` +
    `<text class="mark" x="${-left - 8}" y="${top + 3.5}"></text>` +
    (foldable === "unfold" ? foldMarkup(-left, top, `unfold ${title}`, true) : "") +
    `</g>`
  );
}

function edgeMarkup({ key, points, count }) {
  const [x, y] = points.at(-1);
  const line = [...points.slice(0, -1), [x - 5, y]];
  return (
    `<g class="edge${count > 1 ? " many" : ""}" data-key="${escaped(key)}">` +
    `<path class="reach" d="${curve(line)}"/><path class="line" d="${curve(line)}"/>` +
    `<path class="head" d="M${x - 8} ${y - 4.5}L${x - 0.5} ${y}L${x - 8} ${y + 4.5}Z"/></g>`
  );
}

/** The local gradient, on the middle of its edge. */
function localMarkup({ points }) {
  const [x, y] = middle(points);
  return `<text class="local" x="${x}" y="${y + 4}"></text>`;
}

/**
 * A smooth line through points that go from left to right, level at both ends and never higher or
 * lower than the points it joins (M. Steffen, 1990, "A simple method for monotonic interpolation").
 */
function curve(points) {
  const slopes = slopesAt(points);
  let path = `M${points[0]}`;
  for (let i = 1; i < points.length; i++) {
    const [[x0, y0], [x1, y1]] = [points[i - 1], points[i]];
    const third = points.length === 2 ? (x1 - x0) / 2 : (x1 - x0) / 3;
    const [c0, c1] = [y0 + slopes[i - 1] * third, y1 - slopes[i] * third];
    path += `C${x0 + third},${c0} ${x1 - third},${c1} ${x1},${y1}`;
  }
  return path;
}

function slopesAt(points) {
  const rise = (i) => {
    const run = points[i + 1][0] - points[i][0];
    return run > 0 ? (points[i + 1][1] - points[i][1]) / run : 0;
  };
  return points.map((_, i) => {
    if (i === 0 || i === points.length - 1) return 0;
    const [before, after] = [rise(i - 1), rise(i)];
    if (before * after <= 0) return 0;
    const [h0, h1] = [points[i][0] - points[i - 1][0], points[i + 1][0] - points[i][0]];
    const mean = (before * h1 + after * h0) / (h0 + h1);
    return Math.sign(mean) * Math.min(2 * Math.abs(before), 2 * Math.abs(after), Math.abs(mean));
  });
}

/** The point half-way along the middle part of a curve. */
function middle(points) {
  const i = Math.floor((points.length - 1) / 2);
  const j = Math.min(i + 1, points.length - 1);
  return [(points[i][0] + points[j][0]) / 2, (points[i][1] + points[j][1]) / 2];
}

function shortened(text, length) {
  return text.length > length ? `${text.slice(0, Math.max(1, length - 1))}…` : text;
}

function escaped(text) {
  const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return String(text).replace(/[&<>"]/g, (character) => entities[character]);
}

/** Bring a pane up to date with a state of every node and edge (see pass.js). */
function paint(pane, drawing, state, flashes) {
  for (const node of drawing.nodes) {
    paintNode(pane.nodes.get(node.key), node, state.node(node), flashes);
  }
  for (const edge of drawing.edges) {
    paintEdge(pane.edges.get(edge.key), edge, state.edge(edge));
  }
}

function paintNode({ element, parts, shown }, node, state, flashes) {
  write(parts.data, shown, "data", state.data, flashes);
  write(parts.gradient, shown, "gradient", state.gradient, flashes);
  const mark = node.dead ? "dead" : state.right === undefined ? "" : `≠ ${state.right}`;
  write(parts.mark, shown, "mark", mark, false);
  assign(element, shown, "class", `node ${node.kind} ${state.classes}`);
  assign(element, shown, "aria-pressed", String(state.isPinned));
  const numbers = [state.data && `data ${state.data}`, state.gradient && `grad ${state.gradient}`];
  assign(element, shown, "aria-label", [node.title, ...numbers, mark].filter(Boolean).join(", "));
}

function paintEdge({ element, local, shown }, edge, state) {
  write(local, shown, "local", edge.local, false);
  const many = edge.count > 1 ? " many" : "";
  if (assign(element, shown, "class", `edge${many} ${state.classes}`)) {
    local.setAttribute("class", `local ${state.classes}`);
  }
}

function write(element, shown, name, text, flashes) {
  if (!element || shown[name] === text) return;
  const isNews = shown[name] !== undefined;
  shown[name] = text;
  element.textContent = text;
  if (flashes && isNews && text) {
    element.animate([{ opacity: 0.3 }, { opacity: 1 }], { duration: 450, easing: "ease-out" });
  }
}

function assign(element, shown, attribute, value) {
  if (shown[attribute] === value) return false;
  shown[attribute] = value;
  element.setAttribute(attribute, value);
  return true;
}
