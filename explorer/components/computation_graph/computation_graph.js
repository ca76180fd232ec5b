// A computation graph with its player. What the parts of this component share is an instance: the
// drawing that came from Python, where the pass is, what is pinned, and a pane for each walk.

const HATCH = `<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse"
  patternTransform="rotate(45)"><rect class="hatch" width="2" height="6"/></pattern>`;

export default {
  create: (element) => create(element.querySelector(".frame-of-graph")),
  receive(instance, { data, setStateValue, setTriggerValue }) {
    instance.tell = setStateValue;
    instance.fire = setTriggerValue;
    receive(instance, JSON.parse(new TextDecoder().decode(data)));
  },
  leave(instance) {
    instance.observer.disconnect();
    clearTimeout(instance.timer);
    Object.values(instance.reporting).forEach(clearTimeout);
  },
};

function create(root) {
  const part = (name) => root.querySelector(`.${name}`);
  const instance = {
    root,
    component: part("component"),
    player: part("player"),
    scrubber: part("scrubber"),
    speed: root.querySelector(".speed select"),
    count: part("count"),
    tooltip: part("tooltip"),
    panes: [],
    drawing: null,
    structure: null,
    pointed: null,
    playing: false,
    pinned: null,
    position: null,
    toggled: null, // the group whose folding or unfolding Python was asked for
    // What Python has last sent of these two, and what was reported but not yet sent back.
    heard: { pinned: null, step: null },
    unanswered: { pinned: [], step: [] },
    reporting: {},
  };
  instance.observer = new ResizeObserver(() => {
    if (!instance.drawing) return;
    arrange(instance);
    for (const pane of instance.panes) {
      measure(pane);
      if (pane.isFitted) fit(pane, instance.drawing);
    }
    point(instance, null);
  });
  instance.observer.observe(root);
  listenToPlayer(instance);
  return instance;
}

function receive(instance, { name, height, drawing }) {
  const structure = structureOf(drawing);
  const isFirst = instance.structure === null;
  const isNew = structure !== instance.structure;
  Object.assign(instance, { name, height, drawing, structure });
  instance.root.style.setProperty("--height", `${height}px`);
  listen(instance, "pinned", "pinned", isNew);
  listen(instance, "step", "position", isNew);
  if (isNew) {
    stop(instance);
    point(instance, null);
    if (!drawing.nodes.some(({ key }) => key === instance.pinned)) instance.pinned = null;
    layOut(instance);
    if (!isFirst) appear(instance);
  }
  const last = lengthOf(instance) - 1;
  if (instance.position > last) instance.position = last < 0 ? null : last;
  remember(instance);
  repaint(instance, !isNew && drawing.nodes.length < 100);
}

/**
 * Take what Python says of the pin or the step, if it is news from there: neither what it said
 * before nor the late echo of something that was reported to it since.
 */
function listen(instance, name, property, isNew) {
  const said = instance.drawing[name];
  const echo = instance.unanswered[name].lastIndexOf(said);
  if (echo >= 0) instance.unanswered[name].splice(0, echo + 1);
  else if (isNew || said !== instance.heard[name]) instance[property] = said;
  instance.heard[name] = said;
}

/** Tell Python what is pinned, or at which step the pass stands, once it has come to rest. */
function report(instance, name, pause) {
  clearTimeout(instance.reporting[name]);
  instance.reporting[name] = setTimeout(() => {
    const value = name === "step" ? instance.position : instance[name];
    instance.unanswered[name].push(value);
    instance.tell(name, { value, at: Date.now() });
  }, pause);
}

/** Panes and panels for the walks of a drawing, and in each pane the graph. */
function layOut(instance) {
  const { root, drawing } = instance;
  const walks = drawing.walks.length ? drawing.walks : [null];
  if (instance.panes.length !== walks.length) {
    instance.panes.forEach(({ svg }) => instance.observer.unobserve(svg.parentElement));
    instance.panes = walks.map(() => createPane(instance));
    root.querySelector(".panes").replaceChildren(...instance.panes.map(({ figure }) => figure));
    root.querySelector(".panels").replaceChildren(...instance.panes.map(({ panel }) => panel.element));
    root.classList.toggle("compared", walks.length > 1);
    arrange(instance);
    instance.panes.forEach(({ svg }) => instance.observer.observe(svg.parentElement));
  }
  instance.panes.forEach((pane, index) => {
    const name = walks[index]?.name ?? "";
    pane.name = name.charAt(0).toUpperCase() + name.slice(1);
    pane.figure.querySelector("figcaption").textContent = pane.name;
    pane.panel.heading.textContent = pane.name;
    pane.panel.element.setAttribute("aria-label", pane.name || "This step");
    pane.svg.setAttribute("aria-label", drawing.alt);
    pane.scene.replaceChildren();
    measure(pane);
    build(pane, drawing);
    rove(pane, drawing.nodes[0]?.key);
    fitAround(pane, drawing, instance.toggled);
  });
  instance.toggled = null;
}

/** Two graphs stand side by side, or one below the other where they are seen larger that way. */
function arrange({ root, height, drawing, panes }) {
  const [width, rest] = [root.clientWidth, height - 300];
  const scale = (wide, high) => Math.min(wide / drawing.width, high / drawing.height, LARGEST);
  const beside = scale(width / 2 - 60, rest);
  const below = scale(width - 60, rest / 2 + 30);
  root.classList.toggle("stacked", panes.length > 1 && below > beside * 1.15);
}

/** Give every pane its walk, as it came with the last drawing. */
function remember({ drawing, panes }) {
  const links = linksOf(drawing);
  panes.forEach((pane, index) => {
    pane.walk = drawing.walks[index] ?? null;
    pane.told = toldBy(pane.walk);
    pane.links = links;
  });
}

function appear({ panes }) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const { svg } of panes) svg.animate([{ opacity: 0 }, { opacity: 1 }], { duration: 220 });
}

/** Show the state of the pass everywhere; numbers that changed may flash. */
function repaint(instance, flashes = false) {
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  for (const pane of instance.panes) {
    pane.state = stateOf(pane, instance);
    paint(pane, instance.drawing, pane.state, flashes && !isCalm);
    showPanel(instance, pane);
    const running = pane.nodes.get(pane.state.step?.node)?.node;
    if (running && !pane.isFitted) reveal(pane, running);
  }
  showPlayer(instance);
  describe(instance);
}

function createPane(instance) {
  const figure = document.createElement("figure");
  figure.className = "pane";
  figure.innerHTML = `
    <figcaption></figcaption>
    <div class="canvas">
      <svg class="graph" role="group" tabindex="0"><defs>${HATCH}</defs><g class="scene"></g></svg>
      <div class="tools zoom" role="group" aria-label="Zoom">
        <button type="button" data-zoom="in" aria-label="Zoom in" title="Zoom in (+, or Ctrl and the wheel)">+</button>
        <button type="button" data-zoom="out" aria-label="Zoom out" title="Zoom out (−)">−</button>
        <button type="button" data-zoom="fit" aria-label="Show the whole graph" title="Show the whole graph (0)">fit</button>
      </div>
      <div class="tools save" role="group" aria-label="Save this graph">
        <button type="button" data-format="svg" aria-label="Save as SVG">SVG</button>
        <button type="button" data-format="png" aria-label="Save as PNG">PNG</button>
      </div>
    </div>`;
  const svg = figure.querySelector(".graph");
  const pane = { figure, svg, scene: svg.querySelector(".scene"), panel: createPanel() };
  figure.addEventListener("click", ({ target }) => {
    const { zoom: way, format } = target.dataset;
    if (way === "fit") fit(pane, instance.drawing);
    else if (way) zoomInTheMiddle(pane, way === "in" ? 1.25 : 0.8);
    else if (format) save(instance, format);
  });
  listenToPane(instance, pane);
  return pane;
}

function createPanel() {
  const element = document.createElement("div");
  element.className = "panel";
  element.setAttribute("role", "group");
  element.innerHTML = `
    <div class="telling" aria-live="polite">
      <h4></h4>
      <p class="arithmetic"></p><p class="sentence"></p><div class="about"></div>
    </div>
    <ol class="code" tabindex="0" aria-label="The algorithm"></ol>`;
  const part = (name) => element.querySelector(`.${name}`);
  return {
    element,
    heading: element.querySelector("h4"),
    arithmetic: part("arithmetic"),
    sentence: part("sentence"),
    about: part("about"),
    code: { list: part("code"), text: null },
  };
}
