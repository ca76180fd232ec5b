// A figure on a canvas, with what every figure has: a label where one points, a part seen larger by
// a drag, arrow keys that walk through it, and the buttons that save it.

const LEAST_DRAG = 6; // pixels, below which a drag is a click
const DOUBLE = 300; // milliseconds within which a second click makes one of two
const TIP_GAP = 8; // pixels between what is pointed at and its label

/**
 * A component's script, of a figure that can do this with its view:
 * - `layOut(view, width, height)`: what its places are, kept as `view.places`;
 * - `draw(view, pen)`;
 * - `boxAt(view, x, y)`: the part of the figure there, with its edges; null beside all;
 * - `foundAt(view, x, y)`: what is pointed at there, or null;
 * - `walked(view, from, key)`: what an arrow key leads to from there, or at first from null;
 * - `labelOf(view, found)`: the text of its label, and where: `{ text, x, top }`;
 * - `enlarge(view, from, to)`: show what lies between two points, and `view.shown = null` shows all;
 * - `choose(view, found)`: it was clicked;
 * - `isSameView(message, before)`: whether what has been enlarged still is;
 * - `table(view)`: the lines of the CSV.
 *
 * The view's `message` has a height, a description called alt, a filename, and perhaps the name and
 * the key of the film that another message will be put in its place by, called until.
 */
function drawnFigure(figure) {
  return {
    create: (element) => createDrawn(figure, element.querySelector(".gpt-drawn")),
    receive(view, { data, setTriggerValue }) {
      const message = unpack(data);
      if (!view.message || !figure.isSameView(message, view.message)) view.shown = view.reached = null;
      view.message = later(message) ?? message;
      view.report = setTriggerValue;
      view.root.style.height = `${message.height}px`;
      view.chart.setAttribute("aria-label", message.alt);
      label(figure, view, null); // it spoke of what was there before
      paintDrawn(figure, view);
    },
    leave: (view) => view.stop(),
  };
}

function createDrawn(figure, root) {
  const view = {
    root,
    chart: root.querySelector(".chart"),
    canvas: root.querySelector("canvas"),
    message: null,
    shown: null, // where a drag has marked a part; null for all
    reached: null, // by the arrow keys
    places: null,
    colours: null,
    fonts: null,
  };
  const repaint = () => {
    cancelAnimationFrame(view.painting);
    view.painting = requestAnimationFrame(() => view.message && paintDrawn(figure, view));
  };
  const theme = new MutationObserver(repaint);
  theme.observe(document.documentElement, { attributes: true });
  theme.observe(document.body, { attributes: true });
  const sizes = new ResizeObserver(repaint);
  sizes.observe(root);
  const replace = () => {
    const message = view.message && later(view.message);
    if (!message) return;
    view.message = message;
    repaint();
  };
  globalThis.addEventListener("gpt-film", replace);
  view.stop = () => {
    cancelAnimationFrame(view.painting);
    globalThis.removeEventListener("gpt-film", replace);
    theme.disconnect();
    sizes.disconnect();
  };
  listenToPointer(figure, view);
  view.chart.addEventListener("keydown", (event) => view.message && steerDrawn(figure, view, event));
  for (const button of root.querySelectorAll("[data-format]")) {
    button.addEventListener("click", () => view.places && saveDrawn(figure, view, button.dataset.format));
  }
  return view;
}

/** What a figure was drawn until, if that has come; it says only what is drawn. */
function later(message) {
  const [name, key] = message.until ?? [];
  const film = globalThis.gptFilms?.[name];
  return film?.key === key && film?.panels ? { ...message, ...film, until: null } : null;
}

function paintDrawn(figure, view) {
  const { canvas, chart, root } = view;
  const [width, height] = [chart.clientWidth, view.message.height];
  if (!width) return;
  const ratio = devicePixelRatio || 1;
  [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
  view.colours = readColours(root);
  view.theme = view.colours.isDark ? "dark" : "light";
  const style = getComputedStyle(root);
  view.fonts = Object.fromEntries(["mono", "sans"].map((each) => [each, style.getPropertyValue(`--gpt-${each}`).trim()]));
  view.places = { ...figure.layOut(view, width, height), width, height };
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  figure.draw(view, canvasPen(context, view.fonts.mono));
}

/** A label above what was found, however large that is, and not on it. */
function label(figure, view, found) {
  const tip = view.root.querySelector(".gpt-tip");
  tip.hidden = !found;
  if (!found) return;
  const { text, x, top } = figure.labelOf(view, found);
  tip.textContent = text;
  tip.style.left = `${Math.max(0, Math.min(x + 14, view.places.width - tip.offsetWidth))}px`;
  tip.style.top = `${Math.max(0, top - tip.offsetHeight - TIP_GAP)}px`;
}

/** The pointer: a label where it is; a drag marks what is to be seen larger, as in other figures. */
function listenToPointer(figure, view) {
  const { chart, root } = view;
  const marked = root.querySelector(".marked");
  let from = null; // where a drag began, and within which part
  let clicking = null; // what a click waits for
  let isDrag = false; // what ends with the click that the browser tells of
  const placeOf = ({ clientX, clientY }) => {
    const { left, top } = chart.getBoundingClientRect();
    return [clientX - left, clientY - top];
  };
  const within = ([x, y], { left, right, top, bottom }) => [
    Math.min(Math.max(x, left), right - 0.01),
    Math.min(Math.max(y, top), bottom - 0.01),
  ];
  const letGo = () => {
    from = null;
    marked.hidden = true;
  };
  chart.addEventListener("pointerdown", (event) => {
    const place = placeOf(event);
    const box = view.places && figure.boxAt(view, ...place);
    // A finger must be able to scroll past: there, no drag is taken for this.
    if (!box || event.button !== 0 || event.pointerType === "touch") return;
    from = { place, box };
    chart.setPointerCapture(event.pointerId);
  });
  chart.addEventListener("pointermove", (event) => {
    if (!view.places) return;
    if (!from) return label(figure, view, figure.foundAt(view, ...placeOf(event)));
    const [start, end] = [from.place, within(placeOf(event), from.box)];
    Object.assign(marked.style, {
      left: `${Math.min(start[0], end[0])}px`,
      top: `${Math.min(start[1], end[1])}px`,
      width: `${Math.abs(end[0] - start[0])}px`,
      height: `${Math.abs(end[1] - start[1])}px`,
    });
    marked.hidden = false;
    label(figure, view, null);
  });
  chart.addEventListener("pointerup", (event) => {
    if (!from) return;
    const [start, end] = [from.place, within(placeOf(event), from.box)];
    letGo();
    isDrag = start.every((value, i) => Math.abs(end[i] - value) >= LEAST_DRAG);
    if (!isDrag) return;
    figure.enlarge(view, start, end);
    paintDrawn(figure, view);
  });
  chart.addEventListener("click", (event) => {
    const found = view.places && !isDrag && figure.foundAt(view, ...placeOf(event));
    isDrag = false;
    clearTimeout(clicking);
    if (!found) return;
    // Of what has been enlarged the first of two clicks chooses nothing, for both show all again.
    clicking = setTimeout(() => figure.choose?.(view, found), view.shown ? DOUBLE : 0);
  });
  chart.addEventListener("pointercancel", letGo);
  for (const away of ["pointerleave", "blur"]) chart.addEventListener(away, () => label(figure, view, null));
  chart.addEventListener("dblclick", () => {
    clearTimeout(clicking);
    view.shown = null;
    if (view.message) paintDrawn(figure, view);
  });
}

/** Arrow keys walk, Enter clicks, Escape lets go. */
function steerDrawn(figure, view, event) {
  const { key } = event;
  if (key === "Enter" && view.reached) figure.choose?.(view, view.reached);
  else if (key === "Escape") {
    view.reached = null;
    paintDrawn(figure, view);
    label(figure, view, null);
  } else if (key.startsWith("Arrow")) {
    view.reached = figure.walked(view, view.reached, key);
    paintDrawn(figure, view);
    label(figure, view, view.reached);
    view.root.querySelector(".gpt-spoken").textContent = figure.labelOf(view, view.reached).text;
  } else return;
  event.preventDefault();
}

function saveDrawn(figure, view, format) {
  const { message, places, colours } = view;
  if (format === "csv") return download(`${figure.table(view).join("\n")}\n`, "text/csv", `${message.filename}.csv`);
  const { width, height } = places;
  const pen = svgPen(view.fonts.mono);
  pen.rectangle(0, 0, width, height, { fill: css(colours.ground), radius: 0 });
  figure.draw(view, pen);
  saveSvg(pen.drawing(width, height), width, height, format, message.filename);
}

/** The colours from one end of a scale to the other, as pixels. */
function shadesOf(scale, count) {
  return Uint32Array.from({ length: count }, (_, level) => {
    const place = (level / (count - 1)) * (scale.length - 1);
    const low = Math.min(Math.floor(place), scale.length - 2);
    return pixel(mixed(scale[low], scale[low + 1], place - low).map(Math.round));
  });
}

/** A canvas of a pixel for each cell, of the colour that is asked for at its row and column. */
function cellPicture(rows, columns, colourOf) {
  const image = new ImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, at++) pixels[at] = colourOf(row, column);
  }
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [columns, rows];
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}
