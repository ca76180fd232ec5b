// Stepping through the pass: buttons, scrubber and keys, the running line, the step in numbers.

/** A node's own story stands where the steps will, until one is chosen. */
const HINT = "Point at a node to see how its numbers came to be. Click it to pin it: its paths to the output light up.";

function listenToPlayer(instance) {
  const { player, scrubber, speed } = instance;
  player.addEventListener("click", ({ target }) => {
    const way = target.closest("[data-go]")?.dataset.go;
    if (way === "play") play(instance);
    else if (way) {
      stop(instance);
      go(instance, destination(instance, way));
    }
  });
  scrubber.addEventListener("input", () => {
    stop(instance);
    go(instance, scrubber.valueAsNumber);
  });
  scrubber.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    play(instance);
  });
  speed.addEventListener("change", () => {
    if (instance.playing) schedule(instance);
  });
}

function lengthOf({ drawing }) {
  return Math.max(0, ...drawing.walks.map(({ steps }) => steps.length));
}

function destination(instance, way) {
  const last = lengthOf(instance) - 1;
  const { position } = instance;
  return {
    all: null,
    first: 0,
    last,
    back: position === null ? last : Math.max(position - 1, 0),
    on: position === null ? 0 : Math.min(position + 1, last),
  }[way];
}

function go(instance, position) {
  instance.position = position;
  repaint(instance, true);
  if (!instance.playing) report(instance, "step", 500);
}

/** Start playing, from the beginning if at the end; or stop. */
function play(instance) {
  if (instance.playing) return stop(instance);
  const last = lengthOf(instance) - 1;
  if (last < 0) return;
  instance.playing = true;
  instance.player.classList.add("playing");
  if (instance.position === null || instance.position >= last) go(instance, 0);
  else go(instance, instance.position + 1);
  schedule(instance);
}

function schedule(instance) {
  clearTimeout(instance.timer);
  instance.timer = setTimeout(() => {
    if (instance.position < lengthOf(instance) - 1) go(instance, instance.position + 1);
    if (instance.position < lengthOf(instance) - 1) schedule(instance);
    else stop(instance);
  }, 1000 / Number(instance.speed.value));
}

function stop(instance) {
  if (!instance.playing) return;
  clearTimeout(instance.timer);
  instance.playing = false;
  instance.player.classList.remove("playing");
  showPlayer(instance);
  report(instance, "step", 500);
}

/** Bring buttons, scrubber and count to where the pass is. */
function showPlayer(instance) {
  const { player, scrubber, count, position, playing, drawing } = instance;
  const length = lengthOf(instance);
  const longest = drawing.walks.find(({ steps }) => steps.length === length);
  const forward = longest?.steps.filter(({ phase }) => phase === "forward").length ?? 0;
  for (const button of player.querySelectorAll("button, input")) button.disabled = length === 0;
  player.querySelector("[data-go=all]").disabled = position === null;
  player.querySelector("[data-go=play] span").textContent = playing ? "Pause" : "Play";
  player.querySelector("[data-go=play]").setAttribute("aria-label", playing ? "Pause" : "Play");

  scrubber.max = Math.max(length - 1, 0);
  scrubber.value = position ?? length - 1;
  const share = (steps) => (length > 1 ? (100 * steps) / (length - 1) : 0);
  scrubber.style.setProperty("--turn", `${share(forward - 0.5)}%`);
  scrubber.style.setProperty("--at", `${share(position ?? length - 1)}%`);
  player.querySelector(".ends").style.setProperty("--turn", `${share(forward - 0.5)}%`);

  const words =
    position === null
      ? `all ${length} steps`
      : position < forward
        ? `forward ${position + 1} / ${forward}`
        : `backward ${position - forward + 1} / ${length - forward}`;
  count.textContent = words;
  count.className = `count ${position === null ? "" : position < forward ? "forward" : "backward"}`;
  scrubber.setAttribute("aria-valuetext", words);
}

/** The step of a pane in numbers and words, beside the algorithm's running line. */
function showPanel(instance, pane) {
  const { drawing, pinned } = instance;
  const { panel, state, walk } = pane;
  const { step } = state;
  const phase = step?.phase ?? "backward";
  panel.arithmetic.className = `arithmetic ${phase}`;
  panel.arithmetic.textContent = step?.arithmetic ?? "";
  panel.arithmetic.hidden = !step;
  panel.sentence.hidden = !step && pinned !== null;
  panel.sentence.textContent = step ? step.sentence : HINT;
  const node = step ? null : drawing.nodes.find(({ key }) => key === pinned);
  panel.about.replaceChildren(...(node ? linesAbout(state, node) : []));
  showCode(panel, (walk?.code ?? drawing.code)[phase] ?? [], step?.line ?? null, phase);
}

function showCode({ code }, lines, running, phase) {
  const text = lines.join("\n");
  if (code.text !== text) {
    code.text = text;
    code.list.replaceChildren(...lines.map((content) => codeLine(content)));
  }
  code.list.hidden = !lines.length;
  [...code.list.children].forEach((item, index) => {
    item.className = index === running ? `running ${phase}` : "";
  });
  // In the next frame, which lays the page out in any case.
  requestAnimationFrame(() => scrollTo(code.list, code.list.children[running]));
}

/** Scroll a list, and nothing around it, as little as shows all of an item. */
function scrollTo(list, item) {
  if (!item) return;
  const low = item.offsetTop + item.offsetHeight - list.clientHeight + 6;
  list.scrollTop = Math.min(Math.max(list.scrollTop, low), item.offsetTop - 6);
}

/** A line too long for its place goes on below, further in than it begins. */
function codeLine(content) {
  const item = document.createElement("li");
  item.textContent = content || " ";
  item.style.setProperty("--hang", `${content.search(/\S|$/) + 4}ch`);
  return item;
}
