// What comes next: the distribution of a place in the text as bars that follow the sliders, the
// needle that draws from it, the arithmetic of one token, and the text itself. Dragging, hovering
// and pointing need no message to Python; letting go, stepping and forcing send one.
//
// A token is known here by its index into the message's tokens; at a place, by its number among the
// tokens that the place lists, or -1 for the tail of all others.

const TAIL = -1;
const PATIENCE = 10_000; // milliseconds in which Python answers a hand that has moved

export default {
  create: (element) => create(element.querySelector(".gpt-distribution")),
  receive(view, { data, setStateValue }) {
    view.send = (act) => {
      const { controls, order, colouring } = view;
      setStateValue("act", { ...controls, order, colouring, ...act, at: Date.now() });
    };
    receive(view, unpack(data));
  },
  leave: (view) => view.stop(),
};

function create(root) {
  const view = {
    root,
    message: null,
    controls: null, // as they stand under the hand
    moved: -Infinity, // when the hand last moved one that Python has not answered yet
    place: 0, // whose distribution is shown: 0 is the first after the prompt
    pointed: null, // the token under the pointer, by its number at the place
    order: null,
    colouring: null, // of the text
  };
  view.sliders = createSliders(view);
  view.bars = createBars(view);
  view.text = createText(view);
  for (const button of root.querySelectorAll("[data-act]")) {
    button.addEventListener("click", () => view.send({ act: button.dataset.act }));
  }
  const chooseOrder = radios(root, "order", (order) => {
    view.order = order;
    paint(view);
    view.send({ act: "look" });
  });
  const chooseColouring = radios(root, "colouring", (colouring) => {
    view.colouring = colouring;
    view.text.lay();
    view.send({ act: "look" });
  });
  view.look = ({ order, colouring }) => {
    Object.assign(view, { order, colouring });
    chooseOrder(order);
    chooseColouring(colouring);
  };
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

/** A choice of one among buttons: arrow keys and clicks choose, and so does what is returned. */
function radios(root, name, onChoice) {
  const buttons = [...root.querySelectorAll(`[data-${name}]`)];
  const choose = (chosen) => {
    for (const button of buttons) {
      button.setAttribute("aria-checked", String(button === chosen));
      button.tabIndex = button === chosen ? 0 : -1;
    }
  };
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
  return (value) => choose(buttons.find((button) => button.dataset[name] === value));
}

function receive(view, message) {
  // Only at first: what comes later may be older than the reader's last choice.
  if (!view.message) view.look(message.look);
  view.message = message;
  takeControls(view);
  view.place = restingPlace(view);
  view.pointed = null;
  view.text.lay(); // a token that gets the focus back shows its place
  for (const button of view.root.querySelectorAll("[data-act]")) {
    const isBack = button.dataset.act === "back";
    button.disabled = isBack ? message.taken.length === 0 : message.is_over;
  }
  paint(view);
}

/** The controls as Python has them, unless it answers a hand that has moved on since. */
function takeControls(view) {
  const { controls } = view.message;
  const isAnswered = view.controls && isAt(controls, view.controls);
  if (!isAnswered && performance.now() - view.moved < PATIENCE) return;
  view.moved = -Infinity;
  view.controls = { ...controls };
  view.sliders.take();
}

const isAt = (controls, others) => Object.entries(controls).every(([name, value]) => others[name] === value);

/** The next token's place, or the last one's where no other follows. */
function restingPlace({ message }) {
  return Math.max(0, message.taken.length - (message.is_over ? 1 : 0));
}

/** What is known of a place: the tokens that it lists, their logits, and what the others come to. */
function placeAt(view, place) {
  const { numbers, vocab_size: size, settled, controls } = view.message;
  const count = numbers.listed.length / (view.message.taken.length + 1);
  const from = place * count;
  const pair = (array, index) => array.subarray(2 * index, 2 * index + 2);
  const tailAt = (temperature) => {
    if (!settled) return NO_TAIL;
    if (temperature === 1) return pair(numbers.tails, 2 * place);
    if (temperature === controls.temperature) return pair(numbers.tails, 2 * place + 1);
    return pair(numbers.table, Math.min(Math.round(100 * temperature), numbers.table.length / 2 - 1));
  };
  return {
    listed: numbers.listed.subarray(from, from + count),
    logits: numbers.logits.subarray(from, from + count),
    settled: settled && {
      final: numbers.final.subarray(from, from + count),
      starts: numbers.starts.subarray(from, from + count),
      span: pair(numbers.spans, place),
      kept: settled.kept[place],
      entropy: settled.entropies[place],
      drawn: settled.drawn[place],
    },
    size,
    tailAt,
  };
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
  const { message, place, root } = view;
  const at = placeAt(view, place);
  const now = { ...distribute(at, view.controls), ...at, needle: message.uniforms[place] };
  const isResting = isAt(message.controls, view.controls);
  if (!now.settled) {
    now.drawn = pointedAt(now.final, now.needle);
    now.starts = now.final.map(((sum) => (share) => (sum += share) - share)(0));
    now.span = [now.starts[now.drawn], now.starts[now.drawn] + now.final[now.drawn]];
  } else if (isResting) {
    // As Python has it, which knows the tail token by token.
    const { drawn, ...known } = now.settled;
    const tail = 1 - known.final.reduce((sum, share) => sum + share, 0);
    Object.assign(now, known, { isExact: true, finalTail: tail > 1e-6 ? tail : 0, drawnToken: drawn });
    now.drawn = now.listed.indexOf(drawn);
  } else {
    now.drawn = null; // in whose share the needle falls depends on the whole vocabulary
  }
  now.textOf = (k) => (k === TAIL ? "others" : message.vocabulary[at.listed[k]]);
  view.now = now;
  // Asked for once a frame, for both make the browser work out its styles.
  view.colour = readColours(root);
  view.mono = getComputedStyle(root).getPropertyValue("--gpt-mono");
  view.bars.paint();
  paintNeedle(view);
  paintArithmetic(view);
}

/** The token that was taken at the place, or is pointed at by the needle; null where none is. */
function tokenOf({ message, place, now }) {
  return place < message.taken.length ? now.listed.indexOf(message.taken[place]) : now.drawn;
}
