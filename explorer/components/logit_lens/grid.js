// The grid: its places, its cells, and what lies over them.

const GUTTER = 106; // pixels for the names of the depths
const CELL = 30; // height
const BELOW = 40; // for the text itself
const ABOVE = 6;
const FADING = 28; // pixels, where the text goes on beyond an edge
const LARGEST_WORD = 8; // characters that a column makes room for
const [SMALLEST_RANK, LARGEST_RANK] = [9, 12]; // pixels
const LETTER = 0.62; // of its size: how wide a letter is
const MONO = 'var(--gpt-mono), "Source Code Pro", monospace';

function createGrid(view) {
  const scroll = view.root.querySelector(".scroll");
  const stage = scroll.querySelector(".stage");
  const [cells, over] = [scroll.querySelector(".cells"), scroll.querySelector(".over")];
  const reading = createReading(view);
  let places = null; // { column, pitch, width, height, font }
  let walked = null; // the cell reached by arrow keys

  function layOut() {
    const { tokens, streams, words } = view.message;
    const rows = streams.length;
    const longest = Math.max(1, ...tokens.map((t) => t.length), ...words.map((w) => w.length));
    const least = 16 + 6.5 * Math.min(LARGEST_WORD, longest);
    const column = Math.max(least, Math.min(80, Math.floor((scroll.clientWidth - GUTTER) / tokens.length)));
    const gap = rows <= 7 ? 26 : rows <= 9 ? 22 : rows <= 13 ? 14 : 8;
    places = { column, pitch: CELL + gap, font: getComputedStyle(stage).getPropertyValue("--gpt-mono").trim() || "monospace" };
    places.height = ABOVE + (rows - 1) * places.pitch + CELL + BELOW;
    places.width = GUTTER + tokens.length * column + 2;
    scroll.querySelector(".width").style.width = `${places.width}px`;
    stage.style.height = `${places.height}px`;
    stage.style.width = `${scroll.clientWidth}px`;
    const ratio = devicePixelRatio || 1;
    for (const canvas of [cells, over]) {
      [canvas.width, canvas.height] = [scroll.clientWidth * ratio, places.height * ratio];
      [canvas.style.width, canvas.style.height] = [`${scroll.clientWidth}px`, `${places.height}px`];
    }
  }

  function bringIntoView(position) {
    const at = GUTTER + (position + 0.5) * places.column;
    if (at < scroll.scrollLeft + GUTTER || at > scroll.scrollLeft + scroll.clientWidth) {
      scroll.scrollLeft = at - scroll.clientWidth / 2;
    }
  }

  /** The upper left corner of a cell, in the drawing. */
  function corner(position, row) {
    const top = ABOVE + (view.message.streams.length - 1 - row) * places.pitch;
    return [GUTTER + position * places.column, top];
  }

  function begin(canvas) {
    const context = canvas.getContext("2d");
    const ratio = devicePixelRatio || 1;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, canvas.clientWidth, places.height);
    context.translate(-scroll.scrollLeft, 0);
    return context;
  }

  /** The first and the last token that can be seen. */
  function seen() {
    const first = Math.floor(scroll.scrollLeft / places.column);
    const last = Math.ceil((scroll.scrollLeft + scroll.clientWidth - GUTTER) / places.column);
    return [Math.max(0, first), Math.min(view.message.tokens.length, last + 1)];
  }

  function paint() {
    const context = begin(cells);
    drawCells(canvasPen(context, places.font), ...seen());
    context.translate(scroll.scrollLeft, 0);
    context.fillStyle = css(view.colours.ground);
    context.fillRect(0, 0, GUTTER - 4, places.height);
    if (scroll.scrollLeft > 1) fade(context, GUTTER - 4, GUTTER - 4 + FADING);
    const width = scroll.clientWidth;
    if (scroll.scrollLeft + width < scroll.scrollWidth - 1) fade(context, width, width - FADING);
    drawNames(canvasPen(context, places.font));
    const { tokens } = view.message;
    const said = tokens.map((_, i) => view.frame.word(cellOf(view.message.streams.length - 1, i)));
    stage.setAttribute(
      "aria-label",
      `What the model would say after each of ${tokens.length} tokens, at ${view.message.streams.length} depths, at step ${view.step}. In the end it says: ${said.join(" ")}. Arrow keys walk through the cells, Enter pins one.`,
    );
    light();
  }

  /** From an edge on inwards: there is more beyond. */
  function fade(context, edge, inside) {
    const veil = context.createLinearGradient(edge, 0, inside, 0);
    veil.addColorStop(0, css(view.colours.ground));
    veil.addColorStop(1, css(view.colours.ground, 0));
    context.fillStyle = veil;
    context.fillRect(Math.min(edge, inside), 0, FADING, places.height);
  }

  function cellOf(row, position) {
    return row * view.message.tokens.length + position;
  }

  function drawCells(pen, first, last) {
    const { message, frame, colours } = view;
    const { column } = places;
    const rows = message.streams.length;
    const size = Math.min(15, column > 26 ? 15 : 13);
    const shades = Array.from({ length: 101 }, (_, i) => mixed(colours.panel, colours.forward, i / 100));
    const inks = shades.map((shade) => {
      const [dark, light] = colours.isDark ? [colours.ground, colours.text] : [colours.text, [255, 255, 255]];
      return contrast(shade, dark) >= contrast(shade, light) ? dark : light;
    });
    for (let position = first; position < last; position++) {
      for (let row = 0; row < rows; row++) {
        const cell = cellOf(row, position);
        const [x, y] = corner(position, row);
        const level = Math.round(100 * frame.probability(cell));
        pen.rectangle(x + 1, y, column - 2, CELL, { fill: css(shades[level]) });
        const ink = inks[level];
        pen.word(fitted(frame.word(cell), column), x + column / 2, y + 10, { fill: css(ink), size });
        const rank = rankText(row, position);
        pen.word(rank, x + column / 2, y + 23, { fill: css(ink), size: rankSize(rank), weight: 400 });
      }
      const [x, y] = corner(position, 0);
      pen.rectangle(x + 1, y + CELL + 8, column - 2, 22, { fill: css(colours.panel), stroke: css(colours.line) });
      const token = fitted(message.tokens[position], column);
      pen.word(token, x + column / 2, y + CELL + 19, { fill: css(colours.text), size });
    }
    drawDecision(pen, first, last);
  }

  /** The rank of the token in question, and an arrow where there is room: up is better than before. */
  function rankText(row, position) {
    const rank = view.frame.rank(cellOf(row, position));
    if (rank === 65535) return "";
    const before = row ? view.frame.rank(cellOf(row - 1, position)) : rank;
    const arrow = rank < before ? "▲" : rank > before ? "▼" : "";
    return places.column >= 30 || (arrow && rank < 9) ? `${arrow}${rank + 1}` : `${rank + 1}`;
  }

  /** As large as its column allows. */
  function rankSize(rank) {
    const room = (places.column - 4) / (LETTER * rank.length);
    return Math.max(SMALLEST_RANK, Math.min(LARGEST_RANK, Math.floor(room)));
  }

  /** A line under the cell from which on the best token is what is said in the end. */
  function drawDecision(pen, first, last) {
    for (let position = first; position < last; position++) {
      const [x, y] = corner(position, decidedAt(position));
      pen.rectangle(x + 1, y + CELL + 2, places.column - 2, 3, { fill: css(view.colours.text), radius: 1 });
    }
  }

  function decidedAt(position) {
    let row = view.message.streams.length - 1;
    const said = view.frame.word(cellOf(row, position));
    while (row > 0 && view.frame.word(cellOf(row - 1, position)) === said) row--;
    return row;
  }

  function drawNames(pen) {
    const fill = css(view.colours.muted);
    view.message.streams.forEach((name, row) => {
      pen.word(name, GUTTER - 12, corner(0, row)[1] + CELL / 2, { fill, size: 12, anchor: "end", weight: 400 });
    });
    pen.word("the text", GUTTER - 12, corner(0, 0)[1] + CELL + 19, { fill, size: 12, anchor: "end", weight: 400 });
  }

  /** As much of a word as fits into a column. */
  function fitted(word, column) {
    const room = Math.max(1, Math.floor((column - 4) / (column > 26 ? 9 : 7.9)));
    return word.length <= room ? word : `${word.slice(0, Math.max(1, room - 1))}…`;
  }

  /** What lies over the cells: the ways to what is looked at, and the frames. */
  function light() {
    const context = begin(over);
    context.beginPath();
    context.rect(scroll.scrollLeft + GUTTER - 4, 0, scroll.clientWidth, places.height);
    context.save();
    context.clip();
    drawOver(canvasPen(context, places.font));
    context.restore();
    reading.paint(view.pointed ?? view.pinned);
  }

  function drawOver(pen) {
    const { pinned, pointed, colours } = view;
    const looked = pointed ?? pinned;
    if (view.drawing.hasWays && view.flow && looked) drawWays(pen, waysTo(view, looked));
    const frame = (cell, thickness, dash) => {
      const [x, y] = corner(cell.position, cell.row);
      pen.rectangle(x, y - 1, places.column, CELL + 2, { stroke: css(colours.backward), thickness, dash, radius: 4 });
    };
    if (pinned) frame(pinned, 2.5);
    if (pointed) frame(pointed, 1.5, [4, 3]);
  }

  /** Where the stream stands at a depth in half steps: the middle of a cell's edge. */
  function anchor(position, depth, isUpper) {
    const row = view.message.isHalved ? depth : depth / 2;
    const [x, y] = corner(position, Math.floor(row));
    const middle = x + places.column / 2;
    if (Number.isInteger(row)) return [middle, isUpper ? y : y + CELL];
    return [middle, y - (places.pitch - CELL) / 2]; // between two rows
  }

  function drawWays(pen, edges) {
    const { colours } = view;
    const joined = new Map(); // heads that bring the same token are one curve
    for (const edge of edges) {
      const at = `${edge.kind === "head"} ${edge.depth} ${edge.position} ${edge.from}`;
      if (edge.kind === "mlp") continue;
      const known = joined.get(at);
      if (known) known.share += edge.share;
      else joined.set(at, { ...edge });
    }
    for (const { kind, depth, position, from, share } of joined.values()) {
      const stroke = css(kind === "head" ? colours.forward : colours.muted);
      const ends = [anchor(from, depth - 1, true), anchor(position, depth, false)];
      pen.curve(ends, { stroke, thickness: 0.75 + 6 * share, opacity: 0.35 + 0.6 * share });
    }
    for (const { kind, depth, position, share } of edges) {
      if (kind !== "mlp") continue;
      const [x, above] = anchor(position, depth, false);
      const below = anchor(position, depth - 1, true)[1];
      const side = 3 + 8 * share;
      pen.rectangle(x - side / 2, (above + below - side) / 2, side, side, { fill: css(colours.text), radius: 1 });
    }
  }

  function cellAt({ clientX, clientY }) {
    const { left, top } = stage.getBoundingClientRect();
    const position = Math.floor((clientX - left + scroll.scrollLeft - GUTTER) / places.column);
    const fromTop = Math.floor((clientY - top - ABOVE + (places.pitch - CELL) / 2) / places.pitch);
    const last = view.message.streams.length - 1;
    // Below all depths stands the text; who points at a token there asks for its answer in the end.
    const row = fromTop === last + 1 ? last : last - fromTop;
    const isInside = clientX - left > GUTTER - 4 && position >= 0 && position < view.message.tokens.length;
    return isInside && row >= 0 && row <= last ? { position, row } : null;
  }

  function pointAt(cell) {
    if (cell?.position === view.pointed?.position && cell?.row === view.pointed?.row) return;
    view.pointed = cell;
    stage.classList.toggle("pointed", cell !== null);
    cancelAnimationFrame(view.pointing);
    view.pointing = requestAnimationFrame(light);
  }

  function pin(cell) {
    view.pinned = cell;
    light();
    choose(view, {});
  }

  stage.addEventListener("pointermove", (event) => pointAt(cellAt(event)));
  stage.addEventListener("pointerleave", () => pointAt(null));
  stage.addEventListener("click", (event) => {
    const cell = cellAt(event);
    if (cell) pin(cell);
  });
  stage.addEventListener("blur", () => pointAt(null));
  stage.addEventListener("keydown", (event) => {
    const move = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (move) {
      const { position, row } = view.pointed ?? walked ?? view.pinned;
      const within = (value, count) => Math.min(Math.max(value, 0), count - 1);
      walked = {
        position: within(position + move[0], view.message.tokens.length),
        row: within(row + move[1], view.message.streams.length),
      };
      bringIntoView(walked.position);
      pointAt(walked);
      view.root.querySelector(".gpt-spoken").textContent = reading.spoken(walked);
    } else if (event.key === "Enter" && view.pointed) pin(view.pointed);
    else if (event.key === "Escape") pointAt(null);
    else return;
    event.preventDefault();
  });
  scroll.addEventListener("scroll", () => view.message && paint(), { passive: true });

  function save(format) {
    const { message, frame } = view;
    const name = `${message.run}-step-${view.step}-logit-lens`;
    if (format === "csv") {
      const quoted = (text) => `"${text.replaceAll('"', '""')}"`;
      const lines = ["position,token,depth,says,probability,rank"];
      message.streams.forEach((stream, row) =>
        message.tokens.forEach((token, position) => {
          const cell = cellOf(row, position);
          const rank = frame.rank(cell);
          const numbers = [frame.probability(cell), rank === 65535 ? "" : rank + 1];
          lines.push([position + 1, quoted(token), quoted(stream), quoted(frame.word(cell)), ...numbers].join(","));
        }),
      );
      return download(`${lines.join("\n")}\n`, "text/csv", `${name}.csv`);
    }
    const pen = svgPen(places.font);
    const { width, height } = places;
    pen.rectangle(0, 0, width, height, { fill: css(view.colours.ground), radius: 0 });
    drawCells(pen, 0, message.tokens.length);
    drawNames(pen);
    drawOver(pen);
    saveSvg(pen.drawing(width, height), width, height, format, name);
  }

  return { layOut, paint, light, bringIntoView, save };
}

/** The ratio of contrast of two colours (WCAG 2.1). */
function contrast(one, other) {
  const luminance = (colour) => {
    const [red, green, blue] = colour.map((channel) => {
      const share = channel / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}
