// Draws a Plotly figure and changes it in place. Above this text, Python writes the constants
// PLOTLY_URL, GROUND, TEMPLATE and DARK_FOR_LIGHT (see __init__.py).

const CONFIG = { displayModeBar: false, responsive: false, scrollZoom: false, doubleClick: "reset" };
const HOVER_PAUSE = 100; // milliseconds between two reports of what is pointed at

export default {
  create: (element) => create(element.querySelector(".gpt-plot")),
  receive(instance, { data, setTriggerValue }) {
    instance.message = new TextDecoder().decode(data);
    instance.report = setTriggerValue;
    paint(instance);
  },
  leave(instance) {
    instance.observer.disconnect();
    globalThis.Plotly?.purge(instance.chart);
  },
};

function create(root) {
  const chart = root.querySelector(".gpt-plot-chart");
  const instance = {
    root,
    chart,
    spoken: root.querySelector(".gpt-spoken"),
    message: "", // the newest figure, as text
    painted: "", // the figure and theme on the screen
    arrays: new Map(), // of that figure
    busy: false,
    point: null, // what is pointed at, by pointer or by arrow keys
  };
  // A window that is dragged wider reports many sizes between two paints: the last one counts.
  instance.observer = new ResizeObserver(() => {
    cancelAnimationFrame(instance.resizing);
    instance.resizing = requestAnimationFrame(() => {
      if (chart.data && chart.clientWidth) globalThis.Plotly.Plots.resize(chart);
    });
  });
  instance.observer.observe(chart);
  chart.addEventListener("keydown", (event) => steer(instance, event));
  for (const button of root.querySelectorAll("[data-format]")) {
    button.addEventListener("click", () => save(instance, button.dataset.format));
  }
  return instance;
}

/** Bring the newest figure to the screen; those that came while one was painted are skipped. */
async function paint(instance) {
  if (instance.busy) return;
  instance.busy = true;
  try {
    const Plotly = await loadPlotly();
    instance.root.querySelector(".gpt-plot-failure")?.remove();
    while (instance.chart.isConnected && instance.painted !== wanted(instance)) {
      instance.painted = wanted(instance);
      await react(Plotly, instance);
    }
  } catch (error) {
    instance.painted = "";
    globalThis.Plotly?.purge(instance.chart);
    instance.root.querySelector(".gpt-plot-failure")?.remove();
    instance.root.append(failure(error)); // beside the chart, whose content is but one image
  } finally {
    instance.busy = false;
  }
}

function wanted(instance) {
  return colourScheme(instance.root) + instance.message;
}

async function react(Plotly, instance) {
  const { chart, root } = instance;
  const scheme = colourScheme(instance.root);
  // Every colour of a figure is one of the light palette's, so the text can be searched for them.
  const text =
    scheme === "light"
      ? instance.message
      : instance.message.replace(
          /#[0-9A-F]{6}/gi,
          (colour) => DARK_FOR_LIGHT[colour.toUpperCase()] ?? colour,
        );
  const { figure, name, columns, alt, height, clicks, hovers } = JSON.parse(text);
  const arrays = shareArrays(figure, instance.arrays);
  Object.assign(instance, { name, columns, clicks, hovers, arrays });
  root.classList.toggle("clickable", clicks);
  root.style.height = `${height}px`;
  chart.setAttribute("aria-label", alt);

  const layout = { uirevision: "kept", ...figure.layout, template: TEMPLATE[scheme], height };
  delete layout.width;
  // A finger must be able to scroll past a chart: there, no drag is taken for a zoom.
  if (matchMedia("(pointer: coarse)").matches) layout.dragmode = false;

  const isNew = !chart.data;
  await Plotly.react(chart, figure.data, layout, CONFIG);
  if (isNew) listen(instance);
}

function listen(instance) {
  const { chart } = instance;
  chart.on("plotly_click", ({ points }) => {
    if (instance.clicks) instance.report("click", described(points[0]));
  });
  chart.on("plotly_hover", ({ points }) => {
    instance.point = points[0];
    if (!instance.hovers) return;
    const pause = HOVER_PAUSE - (performance.now() - (instance.reported ?? -Infinity));
    clearTimeout(instance.reporting);
    instance.reporting = setTimeout(
      () => {
        instance.reported = performance.now();
        if (instance.point) instance.report("hover", described(instance.point));
      },
      Math.max(0, pause),
    );
  });
  chart.on("plotly_unhover", () => (instance.point = null));
}

function described(point) {
  const { x, y, z, text, customdata, curveNumber, pointNumber, pointIndex } = point;
  const index = pointNumber ?? pointIndex;
  return { x, y, z, text, customdata, curve: curveNumber, index };
}

/** Arrow keys move from point to point, Enter clicks, Escape lets go. */
function steer(instance, event) {
  const { chart, point } = instance;
  if (!chart.data || event.target !== chart) return;
  if (event.key === "Enter" && point && instance.clicks) {
    instance.report("click", described(point));
  } else if (event.key === "Escape" && point) {
    globalThis.Plotly.Fx.unhover(chart);
    instance.point = null;
  } else if (event.key.startsWith("Arrow")) {
    const next = neighbour(chart, point, event.key);
    if (next) pointTo(instance, next);
  } else return;
  event.preventDefault();
}

/** The point that an arrow key leads to: in a heatmap the next cell, else along or across traces. */
function neighbour(chart, point, key) {
  const traces = chart._fullData.filter(
    (trace) => trace.visible === true && trace.hoverinfo !== "skip" && axes(chart, trace) && length(trace),
  );
  if (!traces.length) return null;
  const current = traces.findIndex((trace) => trace.index === point?.curveNumber);
  if (current < 0) return pointAt(chart, traces[0], isGrid(traces[0]) ? [0, 0] : 0);
  const along = { ArrowRight: 1, ArrowLeft: -1 }[key] ?? 0;
  const across = { ArrowUp: 1, ArrowDown: -1 }[key] ?? 0;
  const limited = (value, count) => Math.min(Math.max(value, 0), count - 1);
  const index = point.pointNumber ?? point.pointIndex;
  if (Array.isArray(index)) {
    const { z } = traces[current];
    const [bottom, top] = point.yaxis.range;
    const row = limited(index[0] + (bottom < top ? across : -across), z.length);
    return pointAt(chart, traces[current], [row, limited(index[1] + along, z[row].length)]);
  }
  const trace = traces[limited(current + across, traces.length)];
  return pointAt(chart, trace, isGrid(trace) ? [0, 0] : limited(index + along, length(trace)));
}

/** A point with what Plotly's own events say of it. */
function pointAt(chart, trace, index) {
  const [row, column] = Array.isArray(index) ? index : [index, index];
  return {
    x: at(trace.x, column) ?? column,
    y: at(trace.y, row) ?? row,
    z: at(trace.z, index),
    text: at(trace.text, index),
    customdata: at(trace.customdata, index),
    curveNumber: trace.index,
    pointNumber: index,
    ...axes(chart, trace),
  };
}

function axes(chart, { xaxis = "", yaxis = "" }) {
  const layout = chart._fullLayout;
  const found = {
    xaxis: layout[xaxis.replace("x", "xaxis")],
    yaxis: layout[yaxis.replace("y", "yaxis")],
  };
  return found.xaxis && found.yaxis ? found : null;
}

/** Show the label of a point as if the pointer were there, and say it to a screen reader. */
function pointTo(instance, point) {
  const { chart, spoken } = instance;
  const { x, y, z, text, xaxis, yaxis } = point;
  instance.point = point;
  const { left, top } = chart.getBoundingClientRect();
  const pointer = {
    clientX: left + xaxis._offset + xaxis.d2p(x),
    clientY: top + yaxis._offset + yaxis.d2p(y),
    bubbles: true,
  };
  const surface = chart.querySelector(`.nsewdrag[data-subplot="${xaxis._id}${yaxis._id}"]`);
  surface?.dispatchEvent(new MouseEvent("mousemove", pointer));
  // Not the axis's own title: where there is none, that holds Plotly's placeholder.
  const called = (axis, name) => chart.layout[axis._name]?.title?.text ?? name;
  const parts = [`${called(xaxis, "x")} ${x}`, `${called(yaxis, "y")} ${y}`];
  if (z !== undefined) parts.push(`value ${z}`);
  if (text) parts.push(text);
  spoken.textContent = parts.join(", ");
}

function isList(values) {
  return Array.isArray(values) || ArrayBuffer.isView(values);
}

/** Whether a trace has a value for every pair of x and y, as a heatmap has. */
function isGrid({ z }) {
  return isList(z?.[0]);
}

/** A trace's value at an index: of a list, of a grid, the index itself, or one for all points. */
function at(values, index) {
  if (!isList(values)) return values;
  if (!Array.isArray(index)) return values[index];
  const [row, column] = index;
  return isList(values[row]) ? values[row][column] : undefined;
}

function length(trace) {
  return isGrid(trace) ? trace.z.length : Math.max(trace.x?.length ?? 0, trace.y?.length ?? 0);
}

async function save(instance, format) {
  const { chart, name } = instance;
  if (!chart.data) return;
  if (format === "csv") return download(table(chart, instance.columns), "text/csv", `${name}.csv`);
  const figure = {
    data: chart.data,
    layout: { ...chart.layout, paper_bgcolor: GROUND[colourScheme(instance.root)] },
  };
  const { clientWidth: width, clientHeight: height } = chart;
  const options = { format: "svg", imageDataOnly: true, width, height };
  const drawing = await globalThis.Plotly.toImage(figure, options);
  saveSvg(drawing, width, height, format, name);
}

const PLAIN_COLUMNS = Object.fromEntries(["trace", "x", "y", "z", "text"].map((each) => [each, each]));

/** The figure's numbers: a line for each point, or for each cell of a heatmap. */
function table(chart, columns) {
  const quoted = (value) => {
    const text = String(value ?? "").replaceAll("<br>", ", "); // a line of a label
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const held = Object.values(columns ?? PLAIN_COLUMNS).map((path) => path.split("."));
  const lines = [Object.keys(columns ?? PLAIN_COLUMNS).map(quoted).join(",")];
  const add = (trace, index) => {
    const point = { ...pointAt(chart, trace, index), trace: trace.name };
    const values = held.map((path) => path.reduce((value, part) => value?.[part], point));
    if (!columns || !values.includes(undefined)) lines.push(values.map(quoted).join(","));
  };
  for (const trace of chart._fullData) {
    for (let i = 0; i < length(trace); i++) {
      if (isGrid(trace)) trace.z[i].forEach((_, column) => add(trace, [i, column]));
      else add(trace, i);
    }
  }
  return lines.join("\n") + "\n";
}

function failure(error) {
  const sentence = document.createElement("p");
  sentence.className = "gpt-plot-failure";
  sentence.setAttribute("role", "alert");
  sentence.textContent = `This figure could not be drawn: ${error.message}. Reload the page to try again.`;
  return sentence;
}
