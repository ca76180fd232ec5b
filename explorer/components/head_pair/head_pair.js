// Where two heads look on one text, and their difference: three pictures of cells on one canvas,
// rows being queries. Above this text, Python writes SCALES: the colours of each picture's cells, in
// both themes.

const PANELS = 3; // A, B and what B looks at more
const MARGIN = { left: 64, right: 12, above: 60, below: 56 };
const GAP = 0.06; // between two pictures, of the width of all
const TIP_GAP = 8; // pixels between a cell and its label
const LETTER = 0.62; // width of a letter, of its size
const LEAST_DRAG = 6; // pixels, below which a drag is a click
const SHADES_OF_SCALE = 1021; // more than a screen tells apart
const FORBIDDEN = "the mask forbids it";

// Mixed once: to mix a colour for each cell would take a fifth of the time in which a pair is drawn.
const SHADES = Object.fromEntries(Object.entries(SCALES).map(([theme, scales]) => [theme, scales.map(shadesOf)]));

export default {
  create: (element) => create(element.querySelector(".gpt-head-pair")),
  receive(view, { data }) {
    const message = unpack(data);
    if (view.message?.tokens.length !== message.tokens.length) view.shown = null;
    view.message = message;
    view.root.style.height = `${message.height}px`;
    view.chart.setAttribute("aria-label", message.alt);
    paint(view);
  },
  leave: (view) => view.stop(),
};

function create(root) {
  const chart = root.querySelector(".chart");
  const view = {
    root,
    chart,
    canvas: root.querySelector("canvas"),
    message: null,
    shown: null, // { first, last } of both axes, where a drag has marked a part; null for all
    walked: null, // the cell that the arrow keys reached
    places: null,
    colours: null,
  };
  const repaint = () => {
    cancelAnimationFrame(view.painting);
    view.painting = requestAnimationFrame(() => view.message && paint(view));
  };
  const theme = new MutationObserver(repaint);
  theme.observe(document.documentElement, { attributes: true });
  theme.observe(document.body, { attributes: true });
  const sizes = new ResizeObserver(repaint);
  sizes.observe(root);
  view.stop = () => {
    cancelAnimationFrame(view.painting);
    theme.disconnect();
    sizes.disconnect();
  };
  listen(view);
  chart.addEventListener("keydown", (event) => steer(view, event));
  for (const button of root.querySelectorAll("[data-format]")) {
    button.addEventListener("click", () => save(view, button.dataset.format));
  }
  return view;
}

function paint(view) {
  const { canvas, chart } = view;
  const [width, height] = [chart.clientWidth, view.message.height];
  if (!width) return;
  const ratio = devicePixelRatio || 1;
  [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
  view.colours = readColours(view.root);
  view.places = layOut(view, width, height);
  const style = getComputedStyle(view.root);
  view.fonts = Object.fromEntries(["mono", "sans"].map((each) => [each, style.getPropertyValue(`--gpt-${each}`).trim()]));
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  draw(view, canvasPen(context, view.fonts.mono));
}

/** Where the pictures stand, and which of their rows and columns are seen. */
function layOut(view, width, height) {
  const count = view.message.tokens.length;
  const room = width - MARGIN.left - MARGIN.right;
  const { rows, columns } = view.shown ?? { rows: [0, count], columns: [0, count] };
  return {
    width,
    height,
    rows,
    columns,
    left: Array.from({ length: PANELS }, (_, i) => MARGIN.left + (i * room * (1 + GAP)) / PANELS),
    across: (room * (1 - (PANELS - 1) * GAP)) / PANELS,
    down: height - MARGIN.above - MARGIN.below,
  };
}

function draw(view, pen) {
  const { message, colours, places, fonts } = view;
  const { left, across, down, height, rows, columns } = places;
  const words = { fill: css(colours.muted), size: 13, weight: 400, family: fonts.sans };
  message.titles.forEach((title, panel) => {
    const scale = SCALES[themeOf(view)][panel];
    // Above a side its colour; above the difference that of who looks more, at either end.
    const ends = panel < 2 ? [scale.at(-1)] : [scale[0], scale.at(-1)];
    ends.forEach((colour, end) => {
      const wide = across / ends.length;
      pen.rectangle(left[panel] + end * wide, MARGIN.above - 5, wide, 3, { fill: css(colour), radius: 0 });
    });
    pen.picture(cellsOf(view, panel), left[panel], MARGIN.above, across, down);
    drawGaps(pen, view, left[panel]);
    const middle = left[panel] + across / 2;
    pen.word(title, middle, MARGIN.above - 17, { ...words, fill: css(colours.text), size: 14 });
    drawTokens(pen, view, left[panel]);
    pen.word("key: looked at", middle, height - 14, words);
  });
  pen.word("query: looking", left[0] - 30, MARGIN.above + down / 2, { ...words, isUpright: true });
}

/** The ground between the cells. */
function drawGaps(pen, { colours, places }, left) {
  const { across, down, rows, columns } = places;
  const fill = css(colours.ground);
  const [wide, high] = [across / (columns[1] - columns[0]), down / (rows[1] - rows[0])];
  for (let edge = 1; edge < columns[1] - columns[0]; edge++) {
    pen.rectangle(left + edge * wide - 0.5, MARGIN.above, 1, down, { fill, radius: 0 });
  }
  for (let edge = 1; edge < rows[1] - rows[0]; edge++) {
    pen.rectangle(left, MARGIN.above + edge * high - 0.5, across, 1, { fill, radius: 0 });
  }
}

/** The tokens along both axes, as large as their cells allow. */
function drawTokens(pen, { message, colours, places }, left) {
  const { tokens } = message;
  const { across, down, rows, columns } = places;
  const fill = css(colours.text);
  const [wide, high] = [across / (columns[1] - columns[0]), down / (rows[1] - rows[0])];
  const fitting = (room) => Math.max(7, Math.min(14, room));
  for (let row = rows[0]; row < rows[1]; row++) {
    const y = MARGIN.above + (row - rows[0] + 0.5) * high;
    pen.word(tokens[row], left - 4, y, { fill, size: fitting(high), anchor: "end" });
  }
  const longest = Math.max(...tokens.slice(...columns).map((token) => token.length));
  const isUpright = longest > 1 && longest * LETTER * fitting(wide / LETTER / longest) > wide;
  const size = isUpright ? fitting(wide) : fitting(wide / LETTER / longest);
  for (let column = columns[0]; column < columns[1]; column++) {
    const x = left + (column - columns[0] + 0.5) * wide;
    const y = MARGIN.above + down + (isUpright ? 4 : 9);
    pen.word(tokens[column], x, y, { fill, size, isUpright, anchor: isUpright ? "end" : "middle" });
  }
}

/** The cells that are seen of one picture, each a pixel. */
function cellsOf(view, panel) {
  const { colours, message } = view;
  const [top, bottom] = view.places.rows;
  const [left, right] = view.places.columns;
  const forbidden = pixel(colours.masked);
  const shades = SHADES[themeOf(view)][panel];
  const image = new ImageData(right - left, bottom - top);
  const pixels = new Uint32Array(image.data.buffer);
  for (let query = top, at = 0; query < bottom; query++) {
    for (let key = left; key < right; key++, at++) {
      const share = panel < 2 ? weight(message, panel, query, key) : (1 + weight(message, 2, query, key)) / 2;
      pixels[at] = key > query ? forbidden : shades[Math.round(share * (shades.length - 1))];
    }
  }
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

function themeOf({ colours }) {
  return colours.isDark ? "dark" : "light";
}

/** How much a query looks at a key: A, B, or B less A; the triangles are stored row by row. */
function weight({ numbers }, panel, query, key) {
  const at = (query * (query + 1)) / 2 + key;
  if (panel === 2) return numbers.second[at] - numbers.first[at];
  return (panel ? numbers.second : numbers.first)[at];
}

/** The colours from one end of a scale to the other, as pixels. */
function shadesOf(scale) {
  return Uint32Array.from({ length: SHADES_OF_SCALE }, (_, level) => {
    const place = (level / (SHADES_OF_SCALE - 1)) * (scale.length - 1);
    const low = Math.min(Math.floor(place), scale.length - 2);
    return pixel(mixed(scale[low], scale[low + 1], place - low).map(Math.round));
  });
}

/** The cell at a place in the chart; null beside the pictures. */
function cellAt({ left, across, down, rows, columns }, x, y) {
  const panel = left.findIndex((from) => x >= from && x < from + across);
  if (panel < 0 || y < MARGIN.above || y >= MARGIN.above + down) return null;
  const inside = (share, [first, last]) => first + Math.floor(share * (last - first));
  return {
    panel,
    query: inside((y - MARGIN.above) / down, rows),
    key: inside((x - left[panel]) / across, columns),
  };
}

/** A label beside a cell: its tokens and its number. */
function point(view, cell) {
  const tip = view.root.querySelector(".gpt-tip");
  tip.hidden = !cell;
  if (!cell) return;
  const { left, across, down, rows, columns, width } = view.places;
  tip.textContent = said(view, cell);
  const x = left[cell.panel] + (across * (cell.key + 0.5 - columns[0])) / (columns[1] - columns[0]);
  const high = down / (rows[1] - rows[0]);
  const top = MARGIN.above + high * (cell.query - rows[0]);
  // Above the cell, however large it is, and not on it.
  tip.style.left = `${Math.max(0, Math.min(x + 14, width - tip.offsetWidth))}px`;
  tip.style.top = `${Math.max(0, top - tip.offsetHeight - TIP_GAP)}px`;
}

function said({ message }, { panel, query, key }) {
  if (key > query) return FORBIDDEN;
  const { tokens, names } = message;
  return `${names[panel]}: ${tokens[query]} → ${tokens[key]}: ${signed(weight(message, panel, query, key))}`;
}

function signed(number) {
  return number.toFixed(4).replace("-", "−");
}

/** The pointer: over a cell its number; a drag marks what is to be seen larger, as in other figures. */
function listen(view) {
  const { chart, root } = view;
  const frame = root.querySelector(".frame");
  let from = null; // where a drag began
  const place = ({ clientX, clientY }) => {
    const { left, top } = chart.getBoundingClientRect();
    return [clientX - left, clientY - top];
  };
  const ends = ([x, y]) => {
    // Not beyond the picture in which it began.
    const { left, across, down } = view.places;
    const start = left[from.cell.panel];
    const within = (value, low, length) => Math.min(Math.max(value, low), low + length - 0.01);
    return [within(x, start, across), within(y, MARGIN.above, down)];
  };
  chart.addEventListener("pointerdown", (event) => {
    const [x, y] = place(event);
    const cell = view.message && cellAt(view.places, x, y);
    // A finger must be able to scroll past: there, no drag is taken for this.
    if (!cell || event.button !== 0 || event.pointerType === "touch") return;
    from = { x, y, cell };
    chart.setPointerCapture(event.pointerId);
  });
  chart.addEventListener("pointermove", (event) => {
    if (!view.message) return;
    const [x, y] = place(event);
    if (!from) return point(view, cellAt(view.places, x, y));
    const [right, bottom] = ends([x, y]);
    const box = { left: Math.min(from.x, right), top: Math.min(from.y, bottom) };
    Object.assign(frame.style, {
      left: `${box.left}px`,
      top: `${box.top}px`,
      width: `${Math.abs(right - from.x)}px`,
      height: `${Math.abs(bottom - from.y)}px`,
    });
    frame.hidden = false;
    point(view, null);
  });
  chart.addEventListener("pointerup", (event) => {
    if (!from) return;
    const [x, y] = ends(place(event));
    const { cell } = from;
    const isDrag = Math.abs(x - from.x) >= LEAST_DRAG && Math.abs(y - from.y) >= LEAST_DRAG;
    from = null;
    frame.hidden = true;
    if (!isDrag) return;
    const other = cellAt(view.places, x, y);
    const range = (one, another) => [Math.min(one, another), Math.max(one, another) + 1];
    view.shown = { rows: range(cell.query, other.query), columns: range(cell.key, other.key) };
    paint(view);
  });
  chart.addEventListener("pointercancel", () => {
    from = null;
    frame.hidden = true;
  });
  chart.addEventListener("pointerleave", () => point(view, null));
  chart.addEventListener("blur", () => point(view, null));
  chart.addEventListener("dblclick", () => {
    view.shown = null;
    if (view.message) paint(view);
  });
}

/** Arrow keys walk from cell to cell, and from one picture into the next; Escape lets go. */
function steer(view, event) {
  const move = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  if (!view.message || (!move && event.key !== "Escape")) return;
  event.preventDefault();
  if (!move) {
    view.walked = null;
    return point(view, null);
  }
  const { rows, columns } = view.places;
  const wide = columns[1] - columns[0];
  const within = (value, low, end) => Math.min(Math.max(value, low), end - 1);
  const at = view.walked ?? { panel: 0, query: rows[0] - move[0], key: columns[0] - move[1] };
  const along = at.panel * wide + within(at.key, ...columns) - columns[0] + (view.walked ? move[1] : 0);
  const place = within(along, 0, PANELS * wide);
  const query = within(at.query + move[0], ...rows);
  view.walked = { panel: Math.floor(place / wide), query, key: columns[0] + (place % wide) };
  point(view, view.walked);
  view.root.querySelector(".gpt-spoken").textContent = said(view, view.walked);
}

function save(view, format) {
  const { message, places, colours } = view;
  if (!message) return;
  if (format === "csv") {
    const lines = ["whose,\"query, from 0\",\"key, from 0\",weight"];
    message.names.forEach((name, panel) => {
      for (let query = 0; query < message.tokens.length; query++) {
        for (let key = 0; key <= query; key++) {
          lines.push([name, query, key, weight(message, panel, query, key)].join(","));
        }
      }
    });
    return download(`${lines.join("\n")}\n`, "text/csv", `${message.filename}.csv`);
  }
  const { width, height } = places;
  const pen = svgPen(view.fonts.mono);
  pen.rectangle(0, 0, width, height, { fill: css(colours.ground), radius: 0 });
  draw(view, pen);
  saveSvg(pen.drawing(width, height), width, height, format, message.filename);
}
