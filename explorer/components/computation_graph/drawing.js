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
  pane.untitled = new Set(pane.nodes.values());
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
    ` transform="translate(${x} ${y})"><g><circle class="reach" r="13"/><circle r="7.5"/>` +
    `<path d="M-3.5 0H3.5${isPlus ? "M0-3.5V3.5" : ""}"/></g></g>`
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

/**
 * Where the local gradients go, as middles of the text: each on its edge, or just above one that is
 * nearly level, at a place where it covers no other.
 */
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
    let place;
    for (const share of [0.5, 0.4, 0.6, 0.3, 0.7]) {
      const candidate = placeOfLocal(pieces, share);
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

function placeOfLocal(pieces, share) {
  const [x, y] = pointAlong(pieces, share);
  const [x1, y1] = pointAlong(pieces, share + 0.05);
  return [x, Math.abs(y1 - y) < 0.3 * Math.abs(x1 - x) ? y - 10 : y];
}

/**
 * Add text to nodes and edges in an area that have none yet: titles where the drawing is too small
 * for more, else all of it. Returns whether that is done; at most `limit` are written on at a time.
 */
function addText(pane, detail, [left, top, right, bottom], limit = Infinity) {
  if (detail === "shapes") return true;
  const isTitles = detail === "titles";
  let count = 0;
  for (const record of isTitles ? pane.untitled : pane.unread) {
    const [x0, y0, x1, y1] = record.area;
    if (x1 < left || x0 > right || y1 < top || y0 > bottom) continue;
    if (++count > limit) return false;
    if (record.node && pane.untitled.delete(record)) addTitle(record);
    if (isTitles) continue;
    pane.unread.delete(record);
    if (record.node) addNumbers(record);
    else addLocal(pane, record);
  }
  return true;
}

/** The baselines of a node's lines of text, from its centre; undefined for a line it lacks. */
function baselinesOf(node) {
  const [hasData, hasGradient] = rowsOf(node);
  const rows = (hasData ? 16 : 0) + (hasGradient ? 16 : 0);
  const title = -(20 + (node.subtitle ? 15 : 0) + rows) / 2 + (rows ? 13 : 15);
  const subtitle = node.subtitle ? title + 15 : undefined;
  const data = hasData ? (subtitle ?? title) + 18 : undefined;
  const gradient = hasGradient ? (data ?? (subtitle ?? title) + 2) + 16 : undefined;
  return { title, subtitle, data, gradient };
}

function addTitle({ node, element }) {
  const { title, width } = node;
  const y = baselinesOf(node).title;
  // Where nothing else is written, the title takes the whole box: --scale and --shift move it.
  const fitting = (width - 14) / (0.6 * title.length);
  const size = Math.min(14.5, fitting);
  const scale = Math.min(26, fitting) / size;
  const shift = 0.35 * size * scale - scale * y;
  const style = `font-size: ${size}px; --scale: ${scale}; --shift: ${shift}px`;
  element.insertAdjacentHTML(
    "beforeend",
    `<text class="title" x="0" y="${y}" style="${style}">${escaped(title)}</text>`,
  );
}

function addNumbers(record) {
  const { node, element, shown } = record;
  const { subtitle, data, gradient } = baselinesOf(node);
  const edge = node.width / 2 - 8;
  const texts = [["mark", "", edge + 6, -5 - node.height / 2]];
  if (subtitle !== undefined) texts.push(["subtitle", node.subtitle, 0, subtitle]);
  if (data !== undefined) texts.push(["label", "data", -edge, data]);
  if (data !== undefined) texts.push(["number data", "", edge, data]);
  if (gradient !== undefined) texts.push(["label", "grad", -edge, gradient]);
  if (gradient !== undefined) texts.push(["number gradient", "", edge, gradient]);
  const markup = texts.map(
    ([name, text, x, y]) => `<text class="${name}" x="${x}" y="${y}">${escaped(text)}</text>`,
  );
  element.insertAdjacentHTML("beforeend", markup.join(""));
  record.texts = {};
  for (const name of ["data", "gradient", "mark"]) {
    const text = element.querySelector(`.${name}`);
    if (text) setText((record.texts[name] = text), shown[name] ?? "", node.width);
  }
}

function addLocal(pane, record) {
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

/** Write a number; where it would run into the label before it, that gives way. */
function setText(element, text, width) {
  element.textContent = text;
  if (!element.classList.contains("number")) return;
  const isLong = text.length * 7.2 > width - 44;
  element.previousElementSibling.setAttribute("visibility", isLong ? "hidden" : "inherit");
}

function escaped(text) {
  const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return String(text).replace(/[&<>"]/g, (character) => entities[character]);
}
