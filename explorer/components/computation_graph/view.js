// Pan and zoom: one transform on one group, whatever the size of the drawing.

const MARGIN = 24; // pixels left free around a drawing that is fitted
const LARGEST = 1.4; // a small drawing is not blown up further than this when fitted
const TEXTS_A_FRAME = 60; // nodes and edges that are written on in one frame
const READABLE = 0.6; // the scale below which text in its own size is too small
const EASY = 0.85; // the scale from which on it is read with ease
const REST = 60; // pixels of a drawing that cannot be pushed out of sight
const CLICK = 4; // a pointer that moved less has clicked, not dragged

/** Measure the pane; before it is filled, because then it costs nothing. */
function measure(pane) {
  const { clientWidth, clientHeight } = pane.svg;
  Object.assign(pane, { width: clientWidth, height: clientHeight });
}

function place(pane) {
  const { scene, svg, view, size, width, height } = pane;
  // Some of the drawing always stays in sight.
  view.x = Math.min(Math.max(view.x, REST - size.width * view.scale), width - REST);
  view.y = Math.min(Math.max(view.y, REST - size.height * view.scale), height - REST);
  scene.setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.scale})`);
  const detail = detailAt(view.scale);
  if (svg.dataset.detail !== detail) svg.dataset.detail = detail;
  writeInSight(pane);
}

/** What is written: all; all but labels, larger; only titles, larger still; or nothing. */
function detailAt(scale) {
  if (scale >= READABLE) return "all";
  if (scale >= 0.36) return "numbers";
  return scale >= 0.24 ? "titles" : "shapes";
}

/** Write what has come into sight, a part in each frame, so that none takes long. */
function writeInSight(pane) {
  const { svg, view, width, height } = pane;
  cancelAnimationFrame(pane.writing);
  const [left, top] = [-view.x / view.scale, -view.y / view.scale];
  const area = [left, top, left + width / view.scale, top + height / view.scale];
  const isDone = addText(pane, svg.dataset.detail, area, TEXTS_A_FRAME);
  if (!isDone) pane.writing = requestAnimationFrame(() => writeInSight(pane));
}

/** Show the whole drawing, or a frame of it, in the middle. */
function fit(pane, drawing, { x, y, width, height } = { x: 0, y: 0, ...drawing }, largest = LARGEST) {
  if (!pane.width || !pane.height) return;
  const scaleOf = (area) => {
    const wide = (pane.width - 2 * MARGIN) / area.width;
    return Math.min(wide, (pane.height - 2 * MARGIN) / area.height, largest);
  };
  const scale = scaleOf({ width, height });
  pane.view = {
    scale,
    smallest: Math.min(scaleOf(drawing), 1) / 2,
    x: pane.width / 2 - (x + width / 2) * scale,
    y: pane.height / 2 - (y + height / 2) * scale,
  };
  pane.size = drawing;
  pane.isFitted = width === drawing.width;
  place(pane);
}

/** After a group was unfolded or folded: show its frame, or what is around it, to be read. */
function fitAround(pane, drawing, path) {
  fit(pane, drawing);
  if (pane.view.scale >= EASY) return;
  const around = drawing.frames.filter((frame) => `${path}/`.startsWith(`${frame.path}/`));
  around.sort((one, other) => other.path.length - one.path.length);
  if (around.length) fit(pane, drawing, around[0], 1);
}

function pan(pane, x, y) {
  pane.view.x += x;
  pane.view.y += y;
  pane.isFitted = false;
  place(pane);
}

/** Zoom so that what is at (x, y), in pixels of the pane, stays there. */
function zoom(pane, factor, x, y) {
  const { view } = pane;
  const scale = Math.min(Math.max(view.scale * factor, view.smallest), 4);
  const change = scale / view.scale;
  Object.assign(view, { scale, x: x - (x - view.x) * change, y: y - (y - view.y) * change });
  pane.isFitted = false;
  place(pane);
}

function zoomInTheMiddle(pane, factor) {
  zoom(pane, factor, pane.width / 2, pane.height / 2);
}

/** Move the drawing as little as shows all of a node. */
function reveal(pane, { x, y, width, height }) {
  const { view } = pane;
  const missing = (centre, half, offset, size) => {
    const low = centre * view.scale + offset - half * view.scale - MARGIN / 2;
    const high = centre * view.scale + offset + half * view.scale + MARGIN / 2;
    return low < 0 ? -low : high > size ? size - high : 0;
  };
  const right = missing(x, width / 2, view.x, pane.width);
  const down = missing(y, height / 2, view.y, pane.height);
  if (right || down) pan(pane, right, down);
}

/** Drag to pan, pinch or Ctrl and the wheel to zoom; the wheel alone scrolls the page. */
function listenToPointers(pane, { onMove, onTap }) {
  const { svg } = pane;
  const fingers = new Map();
  let travelled = 0;
  svg.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (!fingers.size) travelled = 0;
    fingers.set(event.pointerId, event);
  });
  svg.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const [x, y] = [event.clientX - before.clientX, event.clientY - before.clientY];
    const waits = travelled < CLICK;
    travelled += Math.hypot(x, y);
    if (travelled < CLICK) return;
    if (waits) {
      svg.setPointerCapture(event.pointerId);
      svg.classList.add("dragged");
    }
    if (fingers.size === 2) pinch(pane, fingers, event);
    else pan(pane, x, y);
    fingers.set(event.pointerId, event);
    onMove();
  });
  const lift = (event) => {
    if (!fingers.delete(event.pointerId)) return;
    svg.classList.remove("dragged");
    if (event.type === "pointerup" && travelled < CLICK) onTap(event);
  };
  svg.addEventListener("pointerup", lift);
  svg.addEventListener("pointercancel", lift);
  svg.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const { left, top } = svg.getBoundingClientRect();
      const lines = event.deltaMode === 1 ? 16 : 1;
      const factor = Math.exp(-event.deltaY * lines * 0.004);
      zoom(pane, factor, event.clientX - left, event.clientY - top);
      onMove();
    },
    { passive: false },
  );
}

function pinch(pane, fingers, moved) {
  const other = [...fingers].find(([id]) => id !== moved.pointerId)[1];
  const before = fingers.get(moved.pointerId);
  const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
  const { left, top } = pane.svg.getBoundingClientRect();
  const centre = [(moved.clientX + other.clientX) / 2, (moved.clientY + other.clientY) / 2];
  zoom(pane, apart(moved) / Math.max(apart(before), 1), centre[0] - left, centre[1] - top);
  pan(pane, (moved.clientX - before.clientX) / 2, (moved.clientY - before.clientY) / 2);
}
