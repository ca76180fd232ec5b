// The open head in full: which query looks at which key, with its number.

const MOST_TICKS = 48; // tokens that can be written along an axis

function createHeatmap(view) {
  const chart = view.root.querySelector(".heatmap");
  const title = view.root.querySelector(".open .title");
  const label = view.root.querySelector(".open .label");
  let isBusy = false;
  let isWanted = false;
  let point = null; // reached by arrow keys

  async function paint() {
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

  function rows() {
    const count = view.message.tokens.length;
    return Array.from({ length: count }, (_, query) =>
      Array.from({ length: count }, (_, key) => (key > query ? null : view.frame.weight(query, key))),
    );
  }

  async function draw(Plotly) {
    const { message, frame, colours } = view;
    const { tokens } = message;
    const count = tokens.length;
    title.textContent = message.title;
    label.textContent = frame.labels[message.open] ?? "";
    const places = tokens.map((_, i) => i);
    const every = Math.ceil(count / MOST_TICKS);
    const axis = {
      tickmode: "array",
      tickvals: places.filter((i) => i % every === 0),
      ticktext: tokens.filter((_, i) => i % every === 0),
      tickangle: 0,
      tickfont: { size: count > 32 ? 9 : 13, color: css(colours.text) },
      showgrid: false,
      showline: false,
      ticks: "",
    };
    const scale = Array.from({ length: 11 }, (_, i) => [
      i / 10,
      css(mixed(colours.ground, colours.forward, (i / 10) ** GAMMA)),
    ]);
    const z = rows();
    const grey = z.map((row) => row.map((weight) => (weight === null ? 1 : null)));
    const isNew = !chart.data;
    const gap = count > 40 ? 0 : 1;
    await Plotly.react(
      chart,
      [
        {
          type: "heatmap",
          z,
          zmin: 0,
          zmax: 1,
          colorscale: scale,
          showscale: false,
          xgap: gap,
          ygap: gap,
          hoverinfo: "none",
          hoverongaps: false,
        },
        {
          type: "heatmap",
          z: grey,
          showscale: false,
          colorscale: [
            [0, css(colours.masked)],
            [1, css(colours.masked)],
          ],
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
        shapes: frames(),
      },
      { displayModeBar: false, responsive: false, doubleClick: "reset" },
    );
    chart.setAttribute(
      "aria-label",
      `${message.title} at step ${view.step}: attention from each of ${count} tokens to those before it`,
    );
    if (isNew) listen();
  }

  /** The pinned pair, and the row of what is pointed at. */
  function frames() {
    const { colours, message } = view;
    const shapes = [];
    const { query, key } = looked(view) ?? {};
    const line = { color: css(colours.backward), width: 2 };
    const count = message.tokens.length;
    if (query != null) {
      shapes.push({ type: "rect", x0: -0.5, x1: query + 0.5, y0: query - 0.5, y1: query + 0.5, line });
    }
    if (query != null && key != null && key <= query) {
      const box = { x0: key - 0.5, x1: key + 0.5, y0: query - 0.5, y1: query + 0.5 };
      shapes.push({ type: "rect", ...box, line: { ...line, width: 3 } });
    } else if (query == null && key != null) {
      shapes.push({ type: "rect", x0: key - 0.5, x1: key + 0.5, y0: key - 0.5, y1: count - 0.5, line });
    }
    return shapes;
  }

  function light() {
    if (chart.data && globalThis.Plotly) globalThis.Plotly.relayout(chart, { shapes: frames() });
  }

  function listen() {
    chart.on("plotly_hover", ({ points }) => pointAt(view, points[0].y, points[0].x));
    chart.on("plotly_unhover", () => pointAt(view, null, null));
    chart.on("plotly_click", ({ points }) => {
      const [query, key] = [points[0].y, points[0].x];
      if (key <= query) choose(view, { pinned: { query, key } });
    });
  }

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
      view.root.querySelector(".spoken").textContent =
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
      const lines = ["query,query token,key,key token,attention"];
      rows().forEach((row, query) =>
        row.forEach((weight, key) => {
          if (weight === null) return;
          lines.push([query, quoted(tokens[query]), key, quoted(tokens[key]), weight].join(","));
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
    purge: () => globalThis.Plotly?.purge(chart),
  };
}
