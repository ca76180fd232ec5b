// The open head in full: which query looks at which key, with its number.

const MOST_TICKS = 64; // tokens that can be written along an axis
const MOST_PLACES = 16; // of more tokens, so many are counted along it
const SOON = 20; // milliseconds: the small heads are painted first
const STILL = 160; // milliseconds without another step, after which Plotly draws the last one
const MOST_GAPS = 40; // tokens up to which cells stand apart

function createHeatmap(view) {
  const chart = view.root.querySelector(".heatmap");
  const title = view.root.querySelector(".open .title");
  const label = view.root.querySelector(".open .label");
  let isBusy = false;
  let isWanted = false;
  let point = null; // reached by arrow keys
  let drawn = null; // the tokens in the figure
  let timer = null;
  // Over the figure, not in it: Plotly would draw all of it again whenever the pointer moves.
  const [band, cell] = ["band", "cell"].map((name) => {
    const frame = document.createElement("div");
    frame.className = `frame ${name}`;
    frame.hidden = true;
    chart.after(frame);
    return frame;
  });
  const tip = document.createElement("div");
  tip.className = "gpt-tip";
  tip.hidden = true;
  chart.after(tip);
  // What a moving slider shows is painted over the figure at once; Plotly, which takes as long as a
  // few frames, draws it where the slider rests.
  const quick = document.createElement("canvas");
  quick.className = "quick";
  quick.hidden = true;
  chart.after(quick);

  function paint() {
    const isSame = drawn === view.message.tokens.join("\0") && chart._fullLayout?.xaxis;
    if (isSame) paintQuickly();
    else quick.hidden = true;
    title.textContent = view.message.title;
    label.textContent = view.frame.labels[view.message.open] ?? "";
    clearTimeout(timer);
    timer = setTimeout(drawInTurn, isSame ? STILL : SOON);
  }

  async function drawInTurn() {
    timer = null;
    isWanted = true;
    if (isBusy) return;
    isBusy = true;
    try {
      const Plotly = await loadPlotly();
      while (isWanted && chart.isConnected) {
        isWanted = false;
        await draw(Plotly);
      }
    } finally {
      isBusy = false;
    }
  }

  /** The same cells in the same places and colours as the figure's, whatever part of it is shown. */
  function paintQuickly() {
    const { xaxis, yaxis } = chart._fullLayout;
    const { colours, frame, message } = view;
    const count = message.tokens.length;
    const ratio = devicePixelRatio || 1;
    const [width, height] = [xaxis._length, yaxis._length];
    [quick.width, quick.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    Object.assign(quick.style, {
      left: `${xaxis._offset}px`,
      top: `${yaxis._offset}px`,
      width: `${width}px`,
      height: `${height}px`,
    });
    const shades = Uint32Array.from({ length: 256 }, (_, level) => pixel(shade(colours, level / 255)));
    const image = new ImageData(count, count);
    const pixels = new Uint32Array(image.data.buffer);
    for (let query = 0; query < count; query++) {
      for (let key = 0; key <= query; key++) {
        pixels[query * count + key] = shades[Math.round(255 * frame.weight(query, key))];
      }
    }
    const cells = new OffscreenCanvas(count, count);
    cells.getContext("2d").putImageData(image, 0, 0);
    const context = quick.getContext("2d");
    context.scale(ratio, ratio);
    context.fillStyle = css(colours.masked);
    context.fillRect(0, 0, width, height);
    context.imageSmoothingEnabled = false;
    const [left, right] = [xaxis.d2p(-0.5), xaxis.d2p(count - 0.5)];
    const [top, bottom] = [yaxis.d2p(-0.5), yaxis.d2p(count - 0.5)];
    context.drawImage(cells, left, top, right - left, bottom - top);
    if (count <= MOST_GAPS) {
      for (let edge = 1; edge < count; edge++) {
        context.fillRect(xaxis.d2p(edge - 0.5) - 0.5, 0, 1, height);
        context.fillRect(0, yaxis.d2p(edge - 0.5) - 0.5, width, 1);
      }
    }
    quick.hidden = false;
  }

  function shade(colours, weight) {
    return mixed(colours.ground, colours.forward, weight ** GAMMA);
  }

  /** A row for each query; what the mask forbids is no number, so that the grey ground shows. */
  function rows() {
    const count = view.message.tokens.length;
    return Array.from({ length: count }, (_, query) => {
      const row = new Float32Array(count).fill(NaN);
      for (let key = 0; key <= query; key++) row[key] = view.frame.weight(query, key);
      return row;
    });
  }

  async function draw(Plotly) {
    const { message, colours } = view;
    const { tokens } = message;
    const count = tokens.length;
    const places = tokens.map((_, i) => i);
    const every = 16 * Math.ceil(count / (16 * MOST_PLACES));
    const isNamed = count <= MOST_TICKS;
    const axis = {
      tickmode: "array",
      tickvals: isNamed ? places : places.filter((i) => (i + 1) % every === 0),
      ticktext: isNamed ? tokens : places.map((i) => `${i + 1}`).filter((_, i) => (i + 1) % every === 0),
      tickangle: 0,
      tickfont: { size: !isNamed || count > 48 ? 8 : count > 32 ? 9 : 13, color: css(colours.text) },
      showgrid: false,
      showline: false,
      ticks: "",
    };
    const scale = Array.from({ length: 11 }, (_, i) => [
      i / 10,
      css(shade(colours, i / 10)),
    ]);
    const isNew = !chart.data;
    const gap = count > MOST_GAPS ? 0 : 1;
    await Plotly.react(
      chart,
      [
        {
          type: "heatmap",
          z: rows(),
          zmin: 0,
          zmax: 1,
          colorscale: scale,
          showscale: false,
          xgap: gap,
          ygap: gap,
          hoverinfo: "none",
          hoverongaps: false,
        },
      ],
      {
        uirevision: tokens.join(""),
        template: TEMPLATE[colourScheme(view.root)],
        height: chart.clientHeight,
        margin: { l: 56, r: 8, t: 8, b: 52 },
        xaxis: { ...axis, title: { text: "key: looked at" }, constrain: "domain" },
        yaxis: { ...axis, title: { text: "query: looking" }, autorange: "reversed" },
        dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom",
        plot_bgcolor: css(colours.masked),
      },
      { displayModeBar: false, responsive: false, doubleClick: "reset" },
    );
    chart.setAttribute(
      "aria-label",
      `${message.title} at step ${view.step}: attention from each of ${count} tokens to those before it`,
    );
    if (isNew) listen();
    drawn = tokens.join("\0");
    if (timer === null && !isWanted) quick.hidden = true;
    light();
  }

  /** Frames around what is looked at: its row, its column, or a pair. */
  function light() {
    const layout = chart._fullLayout;
    if (!chart.data || !layout?.xaxis) return;
    const { query, key } = looked(view) ?? {};
    const isPair = query != null && key != null && key <= query;
    const count = view.message.tokens.length;
    place(band, query == null ? (key == null ? null : [key, key, key, count - 1]) : [0, query, query, query]);
    place(cell, isPair ? [key, query, key, query] : null);
    showTip();
  }

  /** Beside the cell under the pointer: its number, and how it came to be. */
  function showTip() {
    const { query, key } = view.pointed ?? {};
    const isPair = query != null && key != null && key <= query && chart.matches(":hover, :focus");
    tip.hidden = !isPair;
    if (!isPair) return;
    const { tokens } = view.message;
    const { xaxis, yaxis } = chart._fullLayout;
    tip.textContent = `${tokens[query]} → ${tokens[key]}, ${query - key} back: ${said(query, key)}`;
    const x = xaxis._offset + xaxis.d2p(key);
    const y = yaxis._offset + yaxis.d2p(query);
    tip.style.left = `${Math.max(0, Math.min(x + 14, chart.clientWidth - tip.offsetWidth))}px`;
    tip.style.top = `${y > 60 ? y - 40 : y + 20}px`;
  }

  function said(query, key) {
    const weight = view.frame.weight(query, key).toFixed(4);
    const score = view.frame.score?.(query, key);
    return score == null ? weight : `softmax(${score.toFixed(2)}) = ${weight}`;
  }

  /** A frame over the cells from the first column and row to the last; nowhere for null. */
  function place(frame, cells) {
    frame.hidden = cells === null;
    if (cells === null) return;
    const { xaxis, yaxis } = chart._fullLayout;
    const [left, top, right, bottom] = cells;
    const [x0, x1] = [xaxis.d2p(left - 0.5), xaxis.d2p(right + 0.5)];
    const [y0, y1] = [yaxis.d2p(top - 0.5), yaxis.d2p(bottom + 0.5)];
    const inside = (value, most) => Math.min(Math.max(value, 0), most);
    const [from, to] = [inside(x0, xaxis._length), inside(x1, xaxis._length)];
    const [above, below] = [inside(y0, yaxis._length), inside(y1, yaxis._length)];
    Object.assign(frame.style, {
      left: `${xaxis._offset + from - 1}px`,
      top: `${yaxis._offset + above - 1}px`,
      width: `${to - from}px`,
      height: `${below - above}px`,
    });
  }

  function listen() {
    chart.on("plotly_relayout", () => {
      quick.hidden = true;
      light();
    });
    chart.on("plotly_hover", ({ points }) => pointAt(view, points[0].y, points[0].x));
    chart.on("plotly_unhover", () => pointAt(view, null, null));
    chart.on("plotly_click", ({ points }) => {
      const [query, key] = [points[0].y, points[0].x];
      if (key <= query) choose(view, { pinned: { query, key } });
    });
  }

  chart.addEventListener("blur", () => {
    point = null;
    pointAt(view, null, null);
  });
  chart.addEventListener("keydown", (event) => {
    const moves = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    const move = moves[event.key];
    const start = point ?? view.message.pinned ?? { query: 0, key: 0 };
    if (move) {
      const query = Math.min(Math.max((start.query ?? 0) + move[0], 0), view.message.tokens.length - 1);
      const key = Math.min(Math.max((start.key ?? 0) + move[1], 0), query);
      point = { query, key };
      pointAt(view, query, key);
      const { tokens } = view.message;
      view.root.querySelector(".gpt-spoken").textContent =
        `${tokens[query]} at ${query + 1} looks at ${tokens[key]} at ${key + 1}: ${view.frame.weight(query, key).toFixed(4)}`;
    } else if (event.key === "Enter" && point) choose(view, { pinned: point });
    else if (event.key === "Escape") pointAt(view, null, null);
    else return;
    event.preventDefault();
  });

  async function saveAs(format, name) {
    if (!chart.data) return;
    if (format === "csv") {
      const { tokens } = view.message;
      const quoted = (text) => `"${text.replaceAll('"', '""')}"`;
      const lines = ["query,query token,key,key token,attention"]; // counted from 1, as on the page
      rows().forEach((row, query) =>
        row.forEach((weight, key) => {
          if (Number.isNaN(weight)) return;
          const pair = [query + 1, quoted(tokens[query]), key + 1, quoted(tokens[key])];
          lines.push([...pair, weight.toFixed(5)].join(","));
        }),
      );
      return download(`${lines.join("\n")}\n`, "text/csv", `${name}.csv`);
    }
    const figure = {
      data: chart.data,
      layout: { ...chart.layout, paper_bgcolor: GROUND[colourScheme(view.root)] },
    };
    const { clientWidth: width, clientHeight: height } = chart;
    const options = { format, width, height, scale: format === "png" ? 2 : 1 };
    const image = await (await fetch(await globalThis.Plotly.toImage(figure, options))).blob();
    download(image, image.type, `${name}.${format}`);
  }

  return {
    paint,
    light,
    save: saveAs,
    purge: () => {
      clearTimeout(timer);
      globalThis.Plotly?.purge(chart);
    },
  };
}
