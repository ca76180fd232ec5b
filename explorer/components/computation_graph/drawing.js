// A drawing as SVG: built in one pass, and afterwards changed only where something changed. Text is
// added to a node or an edge when it first comes into sight at a size at which it can be read: most
// of a large graph is not read, and text is by far the slowest part of a drawing.

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
  const curves = drawing.edges.map(({ points }) => curve(points));
  const middles = placesOfLocals(curves);
  pane.scene.innerHTML =
    `<g class="frames">${drawing.frames.map(frameMarkup).join("")}</g>` +
    `<g class="edges">${drawing.edges.map((edge, i) => edgeMarkup(edge, curves[i])).join("")}</g>` +
    `<g class="flows"></g><g class="locals"></g>` +
    `<g class="nodes">${drawing.nodes.map(nodeMarkup).join("")}</g>`;
  const [, edges, flows, locals, nodes] = pane.scene.children;
  Object.assign(pane, { flows, locals });
  pane.edges = new Map(
    drawing.edges.map((edge, i) => {
      const [ys, xs] = [edge.points.map(([, y]) => y), edge.points.map(([x]) => x)];
      const area = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
      const element = edges.children[i];
      return [edge.key, { edge, element, curve: curves[i], middle: middles[i], area, shown: {} }];
    }),
  );
  pane.nodes = new Map(
    drawing.nodes.map((node, i) => {
      const { x, y, width, height } = node;
      const area = [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
      return [node.key, { node, element: nodes.children[i], area, shown: {} }];
    }),
  );
  pane.unread = new Set([...pane.nodes.values(), ...pane.edges.values()]);
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

function nodeMarkup({ key, x, y, width, height, title, kind, foldable }) {
  const [left, top] = [-width / 2, -height / 2];
  const box = `x="${left}" y="${top}" width="${width}" height="${height}" rx="7"`;
  return (
    `<g class="node ${kind}" data-key="${escaped(key)}" role="button" tabindex="-1"` +
    ` transform="translate(${x} ${y})">` +
    (kind === "group" ? `<rect class="behind" ${box} transform="translate(4 4)"/>` : "") +
    `<rect class="box" ${box}/>` +
    (foldable === "unfold" ? foldMarkup(-left, top, `unfold ${title}`, true) : "") +
    `</g>`
  );
}

function edgeMarkup({ key, points, count }, pieces) {
  const path = pathThrough(pieces) + arrowhead(points.at(-1), -1);
  return `<path class="edge${count > 1 ? " many" : ""}" data-key="${escaped(key)}" d="${path}"/>`;
}

/** An arrowhead at the end of an edge; back is -1 where it comes from the left, else 1. */
function arrowhead([x, y], back) {
  return `M${x + 7 * back},${y - 4.5}L${x + back},${y}L${x + 7 * back},${y + 4.5}`;
}

/** Where the local gradients go: each on its edge, where it covers no other. */
function placesOfLocals(curves) {
  const [width, height] = [46, 14];
  const taken = new Map(); // by column and row, so that only neighbours are compared
  const cell = (column, row) => `${column} ${row}`;
  const isFree = ([x, y], column, row) => {
    for (let i = column - 1; i <= column + 1; i++) {
      for (let j = row - 1; j <= row + 1; j++) {
        for (const [a, b] of taken.get(cell(i, j)) ?? []) {
          if (Math.abs(a - x) < width && Math.abs(b - y) < height) return false;
        }
      }
    }
    return true;
  };
  const cellOf = ([x, y]) => [Math.floor(x / width), Math.floor(y / height)];
  return curves.map((pieces) => {
    let place = null;
    for (const share of [0.5, 0.4, 0.6, 0.3, 0.7]) {
      const candidate = pointAlong(pieces, share);
      place ??= candidate;
      if (!isFree(candidate, ...cellOf(candidate))) continue;
      place = candidate;
      break;
    }
    const key = cell(...cellOf(place));
    taken.set(key, [...(taken.get(key) ?? []), place]);
    return place;
  });
}

/** Add the text of all nodes and edges that are in sight; everywhere, for a picture to save. */
function addText(pane, [left, top, right, bottom]) {
  for (const record of pane.unread) {
    const [x0, y0, x1, y1] = record.area;
    if (x1 < left || x0 > right || y1 < top || y0 > bottom) continue;
    pane.unread.delete(record);
    if (record.node) addNodeText(record);
    else addEdgeText(pane, record);
  }
}

function addNodeText(record) {
  const { node, element, shown } = record;
  const { title, subtitle, width, height } = node;
  const [hasData, hasGradient] = rowsOf(node);
  const rows = (hasData ? 16 : 0) + (hasGradient ? 16 : 0);
  let baseline = -(20 + (subtitle ? 15 : 0) + rows) / 2 + (rows ? 13 : 15);
  const size = Math.min(14.5, (width - 14) / (0.6 * title.length));
  const texts = [["title", title, 0, baseline, `style="font-size: ${size}px"`]];
  if (subtitle) texts.push(["subtitle", subtitle, 0, (baseline += 15)]);
  baseline += 2;
  const edge = width / 2 - 10;
  if (hasData) {
    texts.push(["label", "data", -edge, (baseline += 16)], ["number data", "", edge, baseline]);
  }
  if (hasGradient) {
    texts.push(["label", "grad", -edge, (baseline += 16)], ["number gradient", "", edge, baseline]);
  }
  texts.push(["mark", "", width / 2 - 8, 3.5 - height / 2]);
  const markup = texts.map(
    ([name, text, x, y, more = ""]) =>
      `<text class="${name}" x="${x}" y="${y}" ${more}>${escaped(text)}</text>`,
  );
  element.querySelector(".box").insertAdjacentHTML("afterend", markup.join(""));
  record.texts = Object.fromEntries(
    ["data", "gradient", "mark"].map((name) => [name, element.querySelector(`.${name}`)]),
  );
  for (const [name, text] of Object.entries(record.texts)) {
    if (text) text.textContent = shown[name] ?? "";
  }
}

function addEdgeText(pane, record) {
  const { edge, curve: pieces, middle, shown } = record;
  const [x, y] = middle;
  pane.locals.insertAdjacentHTML(
    "beforeend",
    `<g class="local ${shown.classes ?? ""}" data-key="${escaped(edge.key)}">` +
      `<path class="reach" d="${pathThrough(pieces)}"/><text x="${x}" y="${y + 4}"></text></g>`,
  );
  record.local = pane.locals.lastElementChild;
  record.texts = { local: record.local.lastElementChild };
  record.texts.local.textContent = shown.local ?? "";
}

function escaped(text) {
  const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return String(text).replace(/[&<>"]/g, (character) => entities[character]);
}
