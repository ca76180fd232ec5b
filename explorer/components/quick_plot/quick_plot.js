// Figures that change under the hand: cells, bars, lines and spots in panels with axes. Above this
// text, Python writes SCALES: the colours of cells in both themes, from the lowest to the highest.

const RIGHT = 16; // pixels beside the panels
const ABOVE = 36; // so that the buttons cover nothing
const ROW = 22; // pixels of a row of the legend
const KEY = 26; // of an entry's line or spot, before its words
const BETWEEN = 18; // two entries
const TICK = 4;
const LEAST_GAPPED = 5; // pixels of a cell from which it stands apart
const LEAST_FRAME = 13; // pixels of the frame around a cell, however small that is
const LEAST_REACHED = 8; // and of that around what the keys have reached
const SCALE = { room: 62, wide: 8, apart: 12, ticks: 4 }; // of the colours beside the cells
const SHADES_OF_SCALE = 511;
const SCALE_ABOVE = 110; // pixels of the colours above the cells
const LETTER = 7.3; // pixels of a letter of the labels along it
const DOT = 2.5; // radius of a measured point

export default drawnFigure({
  layOut,
  draw,
  boxAt,
  foundAt,
  walked,
  labelOf,
  enlarge,
  choose,
  isSameView: (message, before) => message.enlarged_as === before.enlarged_as,
  table,
});

/** The boxes of the panels in pixels, the ends of the axes, and where the legend's entries stand. */
function layOut({ message, shown, root, fonts }, width, height) {
  const legend = message.has_legend ? legendOf(message, width, fonts.sans) : [];
  const above = ABOVE + ROW * (1 + (legend.at(-1)?.row ?? -1));
  const room = { x: width - message.left - (message.has_scale ? SCALE.room : RIGHT), y: height - above - message.below };
  root.classList.toggle("clickable", message.is_clickable);
  const axes = Object.fromEntries(
    Object.entries(message.axes).map(([name, axis]) => [name, { ...axis, ...shown?.[name] }]),
  );
  const panels = message.panels.map(({ x, y, across, down }) => ({
    left: message.left + across[0] * room.x,
    right: message.left + across[1] * room.x,
    top: above + down[0] * room.y,
    bottom: above + down[1] * room.y,
    x: axes[x],
    y: axes[y],
    // An axis that panels share is written at the outermost of them.
    isNamedBelow: message.panels.every((other) => other.x !== x || other.down[1] <= down[1]),
    isNamedLeft: message.panels.every((other) => other.y !== y || other.across[0] >= across[0]),
  }));
  return { panels, legend };
}

/** Every named line and spot, from left to right and row by row. */
function legendOf({ panels, left }, width, font) {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  context.font = `400 13px ${font}`;
  let [row, x] = [0, left];
  return panels
    .flatMap(({ marks }) => marks)
    .filter(({ name, is_labelled }) => name && !is_labelled)
    .map((mark) => {
      const wide = KEY + context.measureText(mark.name).width;
      if (x > left && x + wide > width - RIGHT) [row, x] = [row + 1, left];
      const entry = { mark, row, x };
      x += wide + BETWEEN;
      return entry;
    });
}

const acrossOf = ({ left, right, x }, value) => left + ((value - x.low) / (x.high - x.low)) * (right - left);
const downOf = ({ top, bottom, y }, value) => bottom - ((value - y.low) / (y.high - y.low)) * (bottom - top);

function draw(view, pen) {
  const { message, places, colours, fonts } = view;
  const words = { fill: css(colours.muted), size: 13, weight: 400, family: fonts.sans };
  const numbers = { fill: css(colours.muted), size: 12, weight: 400 };
  for (const { mark, row, x } of places.legend) {
    const y = ABOVE - 14 + (row + 0.5) * ROW;
    if (mark.kind === "line") drawLine(pen, view, mark, [x, x + KEY - 8].map((end) => [end, y]));
    else drawSpot(pen, view, { ...mark, size: Math.min(mark.size, 14) }, x + (KEY - 8) / 2, y);
    pen.word(mark.name, x + KEY, y, { ...words, anchor: "start" });
  }
  if (message.has_scale) drawScale(pen, view, places.panels[0], numbers);
  if (message.scale_title) drawScaleAbove(pen, view, numbers);
  places.panels.forEach((panel, i) => {
    drawAxes(pen, view, panel, words, numbers);
    const { marks } = message.panels[i];
    pen.within(panel, () => {
      for (const mark of marks) if (mark.kind !== "spot") MARKS[mark.kind](pen, view, mark, panel);
    });
    for (const mark of marks.filter(({ kind }) => kind === "cells")) drawFrame(pen, view, mark, panel);
    // A spot at the edge is whole, one beyond it is not there.
    for (const mark of marks.filter(({ kind }) => kind === "spot")) {
      const [x, y] = [acrossOf(panel, mark.x), downOf(panel, mark.y)];
      if (!isIn(panel, x, y)) continue;
      drawSpot(pen, view, mark, x, y);
      if (mark.is_labelled) drawLabel(pen, view, mark, x, y);
    }
  });
  if (view.reached) drawReached(pen, view);
}

function drawAxes(pen, { message, places, colours }, panel, words, numbers) {
  const { left, right, top, bottom, x, y } = panel;
  const line = { fill: css(colours.line), radius: 0 };
  const grid = { fill: css(mixed(colours.ground, colours.line, 0.6)), radius: 0 };
  for (const { value, text } of ticksOf(x)) {
    const at = acrossOf(panel, value);
    if (!x.is_whole) pen.rectangle(at - 0.5, top, 1, bottom - top, grid);
    if (!panel.isNamedBelow) continue;
    pen.rectangle(at - 0.5, bottom, 1, TICK, line);
    if (x.is_upright) pen.word(text, at, bottom + TICK + 4, { ...numbers, isUpright: true, anchor: "end" });
    else pen.word(text, at, bottom + TICK + 9, numbers);
  }
  for (const { value, text } of ticksOf(y)) {
    const at = downOf(panel, value);
    if (!y.is_whole) pen.rectangle(left, at - 0.5, right - left, 1, grid);
    if (!panel.isNamedLeft) continue;
    pen.rectangle(left - TICK, at - 0.5, TICK, 1, line);
    pen.word(text, left - TICK - 4, at, { ...numbers, anchor: "end" });
  }
  pen.rectangle(left - 1, top, 1, bottom - top + 1, line);
  pen.rectangle(left - 1, bottom, right - left + 1, 1, line);
  if (panel.isNamedBelow) pen.word(x.title, (left + right) / 2, places.height - 12, words);
  if (panel.isNamedLeft && left === message.left) pen.word(y.title, 12, (top + bottom) / 2, { ...words, isUpright: true });
}

const MARKS = { cells: drawCells, bars: drawBars, line: drawOwnLine };

function drawCells(pen, view, mark, panel) {
  const { colours, theme, message } = view;
  const { rows, columns } = mark;
  const values = message.numbers[mark.values];
  const shades = shadesOf(SCALES[theme][mark.scale], SHADES_OF_SCALE);
  const shadeAt = (row, column) => {
    const share = (values[row * columns + column] - mark.lowest) / (mark.highest - mark.lowest);
    return shades[Math.round((SHADES_OF_SCALE - 1) * Math.min(1, Math.max(0, share)))];
  };
  const picture = cellPicture(rows, columns, shadeAt);
  const [left, right] = [0.5, columns + 0.5].map((edge) => acrossOf(panel, edge));
  const [top, bottom] = [0.5, rows + 0.5].map((edge) => downOf(panel, edge));
  pen.picture(picture, left, top, right - left, bottom - top);
  const [wide, high] = [(right - left) / columns, (bottom - top) / rows];
  const gap = { fill: css(colours.ground), radius: 0 };
  for (let i = 1; i < columns && wide >= LEAST_GAPPED; i++) pen.rectangle(left + i * wide - 0.5, top, 1, bottom - top, gap);
  for (let i = 1; i < rows && high >= LEAST_GAPPED; i++) pen.rectangle(left, top + i * high - 0.5, right - left, 1, gap);
  mark.written?.forEach((texts, row) => {
    texts.forEach((text, column) => {
      const fill = css(legibleOn(shadeAt(row, column), colours));
      pen.word(text, left + (column + 0.5) * wide, top + (row + 0.5) * high, { fill, size: 12, weight: 400 });
    });
  });
}

/** The colour of text, or that of the ground, whichever is further from a pixel's. */
function legibleOn(shade, { text, ground }) {
  const own = brightness([shade & 255, (shade >> 8) & 255, (shade >> 16) & 255]);
  const away = (colour) => Math.abs(brightness(colour) - own);
  return away(text) >= away(ground) ? text : ground;
}

function brightness([red, green, blue]) {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

/** Around the chosen cell, whole also at an edge. On a line in the colour of the ground, for among
 * strong cells the orange alone would be lost; a small cell is seen between the lines. */
function drawFrame(pen, { colours }, { chosen: [row, column] }, panel) {
  for (const [colour, thickness] of [["ground", 6], ["backward", 3]]) {
    around(pen, panel, column + 1, row + 1, LEAST_FRAME, { stroke: css(colours[colour]), thickness });
  }
}

/** What the keys have reached. */
function drawReached(pen, { colours, message, places, reached: { panel, mark, index } }) {
  const of = message.panels[panel].marks[mark];
  const line = { stroke: css(colours.text), thickness: 2 };
  const { x, y } = of.kind === "cells" ? cellPoint(of, message.numbers, index) : pointsOf(of)[index];
  const box = places.panels[panel];
  if (of.kind === "cells") around(pen, box, x, y, LEAST_REACHED, line);
  else pen.disc(acrossOf(box, x), downOf(box, y), LEAST_REACHED / 2, line);
}

/** A rectangle around a cell, at least so many pixels wide and high, if that is seen. */
function around(pen, panel, column, row, least, line) {
  const [x, y] = [acrossOf(panel, column), downOf(panel, row)];
  if (!isIn(panel, x, y)) return;
  const wide = Math.max(acrossOf(panel, 1) - acrossOf(panel, 0), least);
  const high = Math.max(Math.abs(downOf(panel, 1) - downOf(panel, 0)), least);
  pen.rectangle(x - wide / 2, y - high / 2, wide, high, { ...line, radius: 0 });
}

/** Beside the cells: the colours, from the lowest number to the highest. */
function drawScale(pen, { colours, theme, message }, { right, top, bottom }, numbers) {
  const { lowest, highest, scale: name } = message.panels[0].marks[0];
  const shades = shadesOf(SCALES[theme][name], 101);
  const picture = cellPicture(shades.length, 1, (row) => shades[shades.length - 1 - row]);
  const left = right + SCALE.apart;
  pen.picture(picture, left, top, SCALE.wide, bottom - top);
  const scale = { top, bottom, y: { low: lowest, high: highest, most_ticks: SCALE.ticks } };
  for (const { value, text } of ticksOf(scale.y)) {
    const y = downOf(scale, value);
    pen.rectangle(left + SCALE.wide, y - 0.5, 3, 1, { fill: css(colours.line), radius: 0 });
    pen.word(text, left + SCALE.wide + 6, y, { ...numbers, anchor: "start" });
  }
}

function drawBars(pen, { colours }, { values, is_upright }, panel) {
  const along = is_upright ? acrossOf : downOf;
  const thick = 0.9 * Math.abs(along(panel, 1) - along(panel, 0));
  values.forEach((value, i) => {
    const fill = { fill: css(value < 0 ? colours.backward : colours.forward), radius: 0 };
    const start = along(panel, i + 1) - thick / 2;
    const ends = [0, value].map((each) => (is_upright ? downOf : acrossOf)(panel, each)).sort((a, b) => a - b);
    if (is_upright) pen.rectangle(start, ends[0], thick, ends[1] - ends[0], fill);
    else pen.rectangle(ends[0], start, ends[1] - ends[0], thick, fill);
  });
}

function drawOwnLine(pen, view, mark, panel) {
  drawLine(pen, view, mark, mark.x.map((x, i) => [acrossOf(panel, x), downOf(panel, mark.y[i])]));
}

function drawLine(pen, { colours }, { colour, thickness, tip }, points) {
  pen.line(points, { stroke: css(colours[colour]), thickness });
  if (tip) for (const [x, y] of points) pen.disc(x, y, DOT, { fill: css(colours[colour]) });
}

function drawSpot(pen, { colours }, { shape, size, colour }, x, y) {
  const [own, ground, radius] = [css(colours[colour]), css(colours.ground), size / 2];
  if (shape === "dot") pen.disc(x, y, radius, { fill: own, stroke: ground, thickness: 2.5 });
  else if (shape === "ring") pen.disc(x, y, radius, { stroke: own, thickness: 3 });
  else {
    const corners = [[x, y - radius], [x + radius, y], [x, y + radius], [x - radius, y], [x, y - radius]];
    pen.line(corners, { stroke: own, thickness: 2.5 });
  }
}

/** What a spot is called, on ground of its own, for a line may run through it. */
function drawLabel(pen, { colours, fonts }, { name, size }, x, y) {
  const wide = 7 * name.length + 6;
  const at = y - size / 2 - 15;
  pen.rectangle(x - wide / 2, at - 10, wide, 20, { fill: css(colours.ground, 0.7), radius: 0 });
  pen.word(name, x, at, { fill: css(colours.text), size: 13, weight: 400, family: fonts.sans });
}

/** Numbers as far apart as numbers that one likes to read are: 1, 2, 5, 10 and so on. */
function ticksOf({ low, high, most_ticks, is_whole, names }) {
  const [first, last] = [Math.min(low, high), Math.max(low, high)];
  if (names) {
    const named = Object.entries(names).map(([value, text]) => ({ value: Number(value), text }));
    return named.filter(({ value }) => value > first && value < last);
  }
  if (!most_ticks || !(last > first)) return [];
  const rough = (last - first) / most_ticks;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(is_whole ? 1 : 0, [1, 2, 5, 10].find((each) => each * power >= rough * 0.999) * power);
  const from = Math.ceil(first / step - 1e-9);
  const count = Math.max(0, Math.floor(last / step + 1e-9) - from + 1);
  const largest = Math.max(Math.abs(first), Math.abs(last));
  return Array.from({ length: count }, (_, i) => ({
    value: (from + i) * step,
    text: tickText((from + i) * step, step, largest),
  }));
}

/** With as many digits as tell one tick from the next; far from one with a power of ten. */
function tickText(value, step, largest) {
  if (!value) return "0";
  const digit = Math.floor(Math.log10(step) + 1e-9);
  const power = Math.floor(Math.log10(largest));
  if (power >= -3 && power < 6) return minus(value.toFixed(Math.max(0, -digit)));
  return minus(`${(value / 10 ** power).toFixed(Math.max(0, power - digit))}e${power}`);
}

function minus(text) {
  return text.replaceAll("-", "−");
}

/** Above all: the lowest number of the cells, the colours, the highest number, and what they are. */
function drawScaleAbove(pen, { theme, message, places }, numbers) {
  const { left } = places.panels[0];
  const top = Math.min(...places.panels.map((panel) => panel.top));
  const { lowest, highest, scale } = message.panels[0].marks[0];
  const [low, high] = [lowest, highest].map((number) =>
    !number || Math.abs(number) >= 0.1 ? minus(number.toFixed(2)) : told(number, 2),
  );
  const start = left + LETTER * low.length + 8;
  const shades = shadesOf(SCALES[theme][scale], 101);
  pen.word(low, left, top - 14, { ...numbers, anchor: "start" });
  pen.picture(cellPicture(1, shades.length, (_, column) => shades[column]), start, top - 19, SCALE_ABOVE, 10);
  pen.word(`${high} ${message.scale_title}`, start + SCALE_ABOVE + 8, top - 14, { ...numbers, anchor: "start" });
}
