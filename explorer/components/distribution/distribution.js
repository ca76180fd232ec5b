// What comes next: the distribution of a place in the text as bars that follow the sliders, the
// needle that draws from it, the arithmetic of one token, and the text itself. Dragging, hovering
// and pointing need no message to Python; letting go, stepping and forcing send one.

const instances = new WeakMap();

/** Called by Streamlit at mount and whenever the data or the theme changes. */
export default function ({ data, parentElement, setStateValue }) {
  let view = instances.get(parentElement);
  if (!view) {
    view = create(parentElement.querySelector(".gpt-distribution"));
    instances.set(parentElement, view);
  }
  view.send = (act) => setStateValue("act", { ...view.controls, ...act, at: Date.now() });
  receive(view, unpack(data));
  return () => {
    instances.delete(parentElement);
    view.stop();
  };
}

function create(root) {
  const view = {
    root,
    message: null,
    controls: null, // as they stand under the hand
    place: 0, // whose distribution is shown: 0 is the first after the prompt
    pointed: null, // the token under the pointer
    order: "likely",
    colouring: "surprisal",
  };
  view.sliders = createSliders(view);
  view.bars = createBars(view);
  view.text = createText(view);
  for (const button of root.querySelectorAll("[data-act]")) {
    button.addEventListener("click", () => view.send({ act: button.dataset.act }));
  }
  radios(root, "order", (order) => {
    view.order = order;
    paint(view);
  });
  radios(root, "colour", (colouring) => {
    view.colouring = colouring;
    view.text.lay();
  });
  const onTheme = () => requestAnimationFrame(() => view.message && paint(view));
  const theme = new MutationObserver(onTheme);
  theme.observe(document.documentElement, { attributes: true });
  theme.observe(document.body, { attributes: true });
  const sizes = new ResizeObserver(() => soon(view));
  sizes.observe(root);
  view.stop = () => {
    theme.disconnect();
    sizes.disconnect();
  };
  return view;
}

/** A choice of one among buttons: arrow keys and clicks choose. */
function radios(root, name, onChoice) {
  const buttons = [...root.querySelectorAll(`[data-${name}]`)];
  const choose = (chosen) => {
    for (const button of buttons) {
      button.setAttribute("aria-checked", String(button === chosen));
      button.tabIndex = button === chosen ? 0 : -1;
    }
  };
  choose(buttons[0]);
  buttons.forEach((button, i) => {
    button.addEventListener("click", () => {
      choose(button);
      onChoice(button.dataset[name]);
    });
    button.addEventListener("keydown", ({ key }) => {
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[key];
      if (!by) return;
      const next = buttons[(i + by + buttons.length) % buttons.length];
      next.focus();
      next.click();
    });
  });
}

function receive(view, message) {
  view.message = message;
  view.controls = { ...message.controls };
  const V = message.vocabulary.length;
  view.logitsAt = (place) => message.numbers.logits.subarray(place * V, (place + 1) * V);
  view.sliders.take();
  view.text.lay(); // a token that had the focus loses it here, and with it its place
  view.place = restingPlace(view);
  view.pointed = null;
  for (const button of view.root.querySelectorAll("[data-act]")) {
    const isBack = button.dataset.act === "back";
    button.disabled = isBack ? message.taken.length === 0 : message.is_over;
  }
  paint(view);
}

/** The next token's place, or the last one's where no other follows. */
function restingPlace({ message }) {
  return Math.max(0, message.taken.length - (message.is_over ? 1 : 0));
}

/** Paint with the next frame, once however often it was asked for. */
function soon(view) {
  if (view.frame) return;
  view.frame = requestAnimationFrame(() => {
    view.frame = null;
    if (view.message) paint(view);
  });
}

function paint(view) {
  view.now = distribute(view.logitsAt(view.place), view.controls);
  const needle = view.message.uniforms[view.place];
  view.now.needle = needle;
  view.now.drawn = pointedAt(view.now.final, needle);
  view.bars.paint();
  paintArithmetic(view);
}

/** A number with as many digits as it needs, and a true minus sign. */
function written(number, digits = 4) {
  if (number === -Infinity) return "−∞";
  if (number !== 0 && Math.abs(number) < 10 ** -digits) return number.toExponential(1).replace("-", "−");
  return number.toFixed(digits).replace("-", "−");
}

function paintArithmetic(view) {
  const { now, message, root } = view;
  const token = view.pointed ?? now.drawn;
  const kept = now.cause.filter((cause) => !cause).length;
  const T = view.controls.temperature;
  root.querySelector(".pointed").innerHTML =
    `How <b class="chip">${escaped(message.vocabulary[token])}</b> gets its share`;
  const cause = now.cause[token];
  const keptShare = now.heated.reduce((sum, share, i) => sum + (now.cause[i] ? 0 : share), 0);
  const rows = [
    ["logit", written(view.logitsAt(view.place)[token])],
    [T === 0 ? "T = 0: only the largest stays" : `÷ T = ÷ ${T.toFixed(2)}`, written(now.scaled[token])],
    ["softmax", written(now.heated[token])],
    ["filters", cause ? `out, by ${cause}` : "stays"],
    [`÷ what is kept, ${written(keptShare)}`, written(now.final[token])],
  ];
  root.querySelector(".arithmetic tbody").innerHTML = rows
    .map(([name, number]) => `<tr><th scope="row">${name}</th><td>${number}</td></tr>`)
    .join("");
  root.querySelector(".summary").innerHTML = [
    ["entropy", `${entropyOf(now.final).toFixed(3)} nats`],
    ["of the model itself", `${entropyOf(now.model).toFixed(3)} nats`],
    ["tokens kept", `${kept} of ${message.vocabulary.length}`],
  ]
    .map(([name, number]) => `<dt>${name}</dt><dd>${number}</dd>`)
    .join("");
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
}
