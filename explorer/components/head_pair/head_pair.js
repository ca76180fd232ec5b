// Where two heads look on one text, and their difference: three pictures of cells on one canvas,
// rows being queries. Above this text, Python writes SCALES: the colours of each picture's cells, in
// both themes.

const PANELS = 3; // A, B and what B looks at more
const MARGIN = { left: 64, right: 12, above: 60, below: 56 };
const GAP = 0.06; // between two pictures, of the width of all
const LETTER = 0.62; // width of a letter, of its size
const SHADES_OF_SCALE = 1021; // more than a screen tells apart
const FORBIDDEN = "the mask forbids it";

// Mixed once: to mix a colour for each cell would take a fifth of the time in which a pair is drawn.
let shades = null;

export default drawnFigure({
  layOut,
  draw,
  boxAt,
  foundAt: (view, x, y) => cellAt(view.places, x, y),
  walked,
  labelOf,
  enlarge,
  isSameView: (message, before) => message.tokens.length === before.tokens.length,
  table,
});

/** Where the pictures stand, and which of their rows and columns are seen. */
function layOut({ message, shown }, width, height) {
  const count = message.tokens.length;
  const room = width - MARGIN.left - MARGIN.right;
  const { rows, columns } = shown ?? { rows: [0, count], columns: [0, count] };
  return {
    rows,
    columns,
    left: Array.from({ length: PANELS }, (_, i) => MARGIN.left + (i * room * (1 + GAP)) / PANELS),
    across: (room * (1 - (PANELS - 1) * GAP)) / PANELS,
    down: height - MARGIN.above - MARGIN.below,
  };
}

function draw(view, pen) {
  const { message, colours, places, fonts, theme } = view;
  const { left, across, down, height } = places;
  const words = { fill: css(colours.muted), size: 13, weight: 400, family: fonts.sans };
  message.titles.forEach((title, panel) => {
    const scale = SCALES[theme][panel];
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
function cellsOf({ colours, message, places, theme }, panel) {
  const [top, bottom] = places.rows;
  const [left, right] = places.columns;
  const forbidden = pixel(colours.masked);
  shades ??= Object.fromEntries(
    Object.entries(SCALES).map(([name, scales]) => [name, scales.map((scale) => shadesOf(scale, SHADES_OF_SCALE))]),
  );
  const own = shades[theme][panel];
  return cellPicture(bottom - top, right - left, (row, column) => {
    const [query, key] = [top + row, left + column];
    if (key > query) return forbidden;
    const share = panel < 2 ? weight(message, panel, query, key) : (1 + weight(message, 2, query, key)) / 2;
    return own[Math.round(share * (own.length - 1))];
  });
}

/** How much a query looks at a key: A, B, or B less A; the triangles are stored row by row. */
function weight({ numbers }, panel, query, key) {
  const at = (query * (query + 1)) / 2 + key;
  if (panel === 2) return numbers.second[at] - numbers.first[at];
  return (panel ? numbers.second : numbers.first)[at];
}

/** The picture at a place in the chart, null beside them. */
function boxAt({ places }, x, y) {
  const { left, across, down } = places;
  const from = left.find((start) => x >= start && x < start + across);
  if (from === undefined || y < MARGIN.above || y >= MARGIN.above + down) return null;
  return { left: from, right: from + across, top: MARGIN.above, bottom: MARGIN.above + down };
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

/** The tokens and the number of a cell, and where it is. */
function labelOf({ message, places }, { panel, query, key }) {
  const { left, across, down, rows, columns } = places;
  const x = left[panel] + (across * (key + 0.5 - columns[0])) / (columns[1] - columns[0]);
  const top = MARGIN.above + (down / (rows[1] - rows[0])) * (query - rows[0]);
  if (key > query) return { text: FORBIDDEN, x, top };
  const { tokens, names } = message;
  const share = weight(message, panel, query, key).toFixed(4).replace("-", "−");
  return { text: `${names[panel]}: ${tokens[query]} → ${tokens[key]}: ${share}`, x, top };
}

function enlarge(view, ...corners) {
  const [cell, other] = corners.map(([x, y]) => cellAt(view.places, x, y));
  const range = (one, another) => [Math.min(one, another), Math.max(one, another) + 1];
  view.shown = { rows: range(cell.query, other.query), columns: range(cell.key, other.key) };
}

/** From cell to cell, and from one picture into the next. */
function walked({ places: { rows, columns } }, from, key) {
  const move = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[key];
  const wide = columns[1] - columns[0];
  const within = (value, low, end) => Math.min(Math.max(value, low), end - 1);
  const at = from ?? { panel: 0, query: rows[0] - move[0], key: columns[0] - move[1] };
  const along = at.panel * wide + within(at.key, ...columns) - columns[0] + (from ? move[1] : 0);
  const place = within(along, 0, PANELS * wide);
  const query = within(at.query + move[0], ...rows);
  return { panel: Math.floor(place / wide), query, key: columns[0] + (place % wide) };
}

function table({ message }) {
  const lines = ['whose,"query, from 0","key, from 0",weight'];
  message.names.forEach((name, panel) => {
    for (let query = 0; query < message.tokens.length; query++) {
      for (let key = 0; key <= query; key++) {
        lines.push([name, query, key, weight(message, panel, query, key)].join(","));
      }
    }
  });
  return lines;
}
