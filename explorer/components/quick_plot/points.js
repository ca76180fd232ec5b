// Which cell, bar or point is meant, by a pointer or by keys, and what is said of it.

const NEAR = 30; // pixels from a point at which it is pointed at

function isIn({ left, right, top, bottom }, x, y) {
  return x >= left && x <= right && y >= top && y <= bottom;
}

function boxAt({ places }, x, y) {
  return places.panels.find((panel) => isIn(panel, x, y)) ?? null;
}

/** The cell, the bar or the point there: `{ panel, mark, index }`, by their numbers. */
function foundAt(view, x, y) {
  const panel = view.places.panels.findIndex((each) => isIn(each, x, y));
  if (panel < 0) return null;
  const { marks } = view.message.panels[panel];
  const box = view.places.panels[panel];
  const inRow = (count, share) => Math.min(count - 1, Math.max(0, Math.round(share) - 1));
  const [across, down] = valuesAt(box, x, y);
  const solid = marks.findIndex(({ kind }) => kind === "cells" || kind === "bars");
  if (solid >= 0) {
    const { kind, rows, columns, values, is_upright } = marks[solid];
    const index =
      kind === "cells"
        ? inRow(rows, down) * columns + inRow(columns, across)
        : inRow(values.length, is_upright ? across : down);
    return { panel, mark: solid, index };
  }
  let [found, nearest] = [null, NEAR];
  marks.forEach((mark, number) => {
    pointsOf(mark).forEach((point, index) => {
      const away = Math.hypot(acrossOf(box, point.x) - x, downOf(box, point.y) - y);
      // Those in front are found first where they lie on one another.
      if (mark.tip && away <= nearest) [found, nearest] = [{ panel, mark: number, index }, away];
    });
  });
  return found;
}

function valuesAt({ left, right, top, bottom, x, y }, across, down) {
  return [
    x.low + ((across - left) / (right - left)) * (x.high - x.low),
    y.low + ((bottom - down) / (bottom - top)) * (y.high - y.low),
  ];
}

/** Every point of a mark with what is known of it. */
function pointsOf(mark, numbers) {
  const { kind, name: trace } = mark;
  if (kind === "spot") return [{ x: mark.x, y: mark.y, trace }];
  if (kind === "line") return mark.x.map((x, i) => ({ x, y: mark.y[i], trace }));
  if (kind === "bars") return mark.values.map((value, i) => ({ ...(mark.is_upright ? { x: i + 1, y: value } : { x: value, y: i + 1 }), trace }));
  return Array.from({ length: mark.rows * mark.columns }, (_, i) => cellPoint(mark, numbers, i));
}

function cellPoint({ columns, texts, places, values, name: trace }, numbers, index) {
  const [y, x] = [Math.floor(index / columns), index % columns];
  const [row, column] = places?.map((name) => numbers[name][index]) ?? [];
  return { x: x + 1, y: y + 1, z: numbers[values][index], text: texts?.[y][x], row, column, trace };
}

function labelOf({ message, places }, { panel, mark: number, index }) {
  const box = places.panels[panel];
  const mark = message.panels[panel].marks[number];
  const point = mark.kind === "cells" ? cellPoint(mark, message.numbers, index) : pointsOf(mark)[index];
  const text = mark.tip.replace(/\{(\w+)(?::(\d+))?\}/g, (_, name, digits) => told(point[name], digits ?? 4));
  const within = (value, low, high) => Math.min(Math.max(value, low), high);
  const high = mark.kind === "cells" ? Math.abs(downOf(box, 1) - downOf(box, 0)) / 2 : 4;
  return {
    text,
    x: within(acrossOf(box, point.x), box.left, box.right),
    top: within(downOf(box, point.y) - high, box.top, box.bottom),
  };
}

function told(value, digits) {
  return typeof value === "string" ? value : minus(String(Number(value.toPrecision(digits))));
}

/** Left and right along a mark, and up and down through the rows of cells or from mark to mark. */
function walked({ message }, from, key) {
  const all = message.panels.flatMap(({ marks }, panel) =>
    marks.map((mark, number) => ({ panel, mark: number, of: mark })).filter(({ of }) => of.tip),
  );
  const lengthOf = (mark) => (mark.kind === "cells" ? mark.rows * mark.columns : pointsOf(mark).length);
  if (!from) return { panel: all[0].panel, mark: all[0].mark, index: 0 };
  const at = all.findIndex(({ panel, mark }) => panel === from.panel && mark === from.mark);
  const { of } = all[at];
  const row = of.kind === "cells" ? of.columns : lengthOf(of);
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -row, ArrowDown: row }[key];
  const to = from.index + step;
  if (key === "ArrowLeft" || key === "ArrowRight") {
    return Math.floor(to / row) === Math.floor(from.index / row) ? { ...from, index: to } : from;
  }
  if (to >= 0 && to < lengthOf(of)) return { ...from, index: to };
  const next = all[(at + (key === "ArrowUp" ? 1 : all.length - 1)) % all.length];
  return { panel: next.panel, mark: next.mark, index: Math.min(from.index % row, lengthOf(next.of) - 1) };
}

/** Between two corners of a panel; of whole numbers all that are touched. */
function enlarge(view, from, to) {
  const number = view.places.panels.findIndex((panel) => isIn(panel, ...from));
  const box = view.places.panels[number];
  const { x, y } = view.message.panels[number];
  const corners = [from, to].map((corner) => valuesAt(box, ...corner));
  view.shown = { ...view.shown };
  [[x, box.x], [y, box.y]].forEach(([name, axis], i) => {
    const [first, last] = corners.map((corner) => corner[i]).sort((a, b) => a - b);
    const ends = axis.is_whole ? [Math.round(first) - 0.5, Math.round(last) + 0.5] : [first, last];
    if (axis.low > axis.high) ends.reverse();
    view.shown[name] = { low: ends[0], high: ends[1] };
  });
}

function choose({ message, report }, { panel, mark, index }) {
  const { kind, columns } = message.panels[panel].marks[mark];
  if (message.is_clickable && kind === "cells") report("click", [Math.floor(index / columns), index % columns]);
}

function table({ message }) {
  const quoted = (value) => {
    const text = String(value).replaceAll("\n", ", "); // a line of a label
    return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const held = Object.values(message.columns);
  const lines = [Object.keys(message.columns).map(quoted).join(",")];
  for (const mark of message.panels.flatMap(({ marks }) => marks)) {
    for (const point of pointsOf(mark, message.numbers)) {
      const values = held.map((name) => point[name]);
      if (!values.includes(undefined)) lines.push(values.map(quoted).join(","));
    }
  }
  return lines;
}
