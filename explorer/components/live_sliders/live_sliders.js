// Sliders that report while they are dragged, no faster than Python answers (see __init__.py).

const PAUSE = 50; // milliseconds between two reports: twenty a second
const QUIET = 400; // after as many without a new value the hand is still: a key may be held down
const PATIENCE = 1000; // after this an answer counts as lost, and the next value is sent
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

export default {
  create: (element) => create(element.querySelector(".sliders")),
  receive(instance, { data, setStateValue }) {
    instance.report = setStateValue;
    receive(instance, data);
  },
  leave(instance) {
    clearTimeout(instance.timer);
    clearTimeout(instance.rest);
    instance.observer.disconnect();
  },
};

function create(root) {
  const instance = {
    root,
    rows: new Map(), // by name, in the order in which they are shown
    generation: null,
    known: {}, // the values that Python last answered with
    sent: null, // the values reported that Python has not answered yet
    isHeld: false, // whether a pointer holds a handle
    isMoving: false, // whether a handle is held or was moved a moment ago
    isRestKnown: true, // whether Python was told that the hand is still
    sentAt: -Infinity,
  };
  // Streamlit says on its outermost element whether a run is under way.
  instance.app = document.querySelector("[data-test-script-state]");
  instance.observer = new MutationObserver(() => send(instance));
  if (instance.app) {
    const options = { attributes: true, attributeFilter: ["data-test-script-state"] };
    instance.observer.observe(instance.app, options);
  }
  return instance;
}

/** Take what Python sends; where the reader has already chosen, the reader's number stays. */
function receive(instance, { generation, sliders, values }) {
  const isPreset = generation !== instance.generation;
  instance.generation = generation;
  const names = new Set(sliders.map(({ name }) => name));
  for (const [name, row] of instance.rows) {
    if (names.has(name)) continue;
    row.element.remove();
    instance.rows.delete(name);
  }
  for (const slider of sliders) {
    let row = instance.rows.get(slider.name);
    const isNew = !row;
    if (isNew) {
      row = createRow(instance, slider.name);
      instance.rows.set(slider.name, row);
    }
    const { minimum, maximum } = row.given ?? {};
    const isOther = slider.minimum !== minimum || slider.maximum !== maximum;
    row.given = slider;
    if (isNew || isPreset) {
      Object.assign(row, { ...slider, initial: slider.value, value: values[slider.name] });
      complain(row, "");
      show(row);
    } else if (isOther) {
      row.step = slider.step;
      fit(row);
      show(row);
    }
    row.remark.textContent = slider.note;
  }
  // The order may have changed; an element that is in its place is not moved, or it loses focus.
  sliders.forEach(({ name }, index) => {
    const { element } = instance.rows.get(name);
    const there = instance.root.children[index];
    if (there !== element) instance.root.insertBefore(element, there ?? null);
  });
  instance.known = values;
  if (isPreset || agree(values, instance.sent ?? {})) instance.sent = null;
  send(instance);
}

function createRow(instance, name) {
  const element = document.createElement("div");
  element.className = "slider";
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", name);
  element.innerHTML = `
    <label title="Double-click: back to where it started"></label>
    <span class="note"></span>
    <input class="field" type="text" inputmode="decimal" autocomplete="off" spellcheck="false">
    <input class="range" type="range">
    <p class="problem" role="alert"></p>`;
  const row = { name, element };
  const [label, remark, field, range, problem] = element.children;
  Object.assign(row, { remark, field, range, problem });
  label.textContent = name;
  range.setAttribute("aria-label", name);
  field.setAttribute("aria-label", `${name} as a number`);
  range.addEventListener("pointerdown", () => {
    instance.isHeld = true;
  });
  range.addEventListener("input", () => {
    complain(row, "");
    choose(instance, row, range.valueAsNumber);
  });
  for (const end of ["change", "pointerup", "pointercancel"]) {
    range.addEventListener(end, () => {
      instance.isHeld = false;
      restSoon(instance);
    });
  }
  label.addEventListener("dblclick", () => choose(instance, row, row.initial));
  field.addEventListener("focus", () => field.select());
  field.addEventListener("change", () => take(instance, row));
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") take(instance, row);
    if (event.key === "Escape") {
      complain(row, "");
      show(row);
    }
  });
  return row;
}

/** The typed text as a number, or a sentence about it that leaves the number as it was. */
function take(instance, row) {
  if (row.field.value === written(row)) return complain(row, ""); // shown rounded, not typed
  const text = row.field.value.trim().replaceAll("−", "-");
  const number = NUMBER.test(text) ? Number(text) : NaN;
  if (Number.isFinite(number)) {
    complain(row, "");
    fit(row);
    if (number !== row.value) choose(instance, row, number);
    else show(row);
  } else {
    const typed = text.length > 16 ? `${text.slice(0, 15)}…` : text;
    const what = typed ? `“${typed}” is no number` : "A number is missing";
    complain(row, `${what}; ${row.name} stays ${written(row)}. Type one like −0.5 or 2e−3.`);
  }
}

/** The range that Python has given: what a number typed before has widened is forgotten. */
function fit(row) {
  [row.minimum, row.maximum] = [row.given.minimum, row.given.maximum];
}

function complain(row, sentence) {
  if (row.problem.textContent !== sentence) row.problem.textContent = sentence;
  row.field.setAttribute("aria-invalid", String(sentence !== ""));
}

function choose(instance, row, number) {
  instance.isMoving = true;
  row.value = number;
  show(row);
  send(instance);
  restSoon(instance);
}

/** Tell Python that the hand is still, once it is. */
function restSoon(instance) {
  clearTimeout(instance.rest);
  instance.rest = setTimeout(() => {
    instance.isMoving = instance.isHeld;
    send(instance);
  }, QUIET);
}

function show(row) {
  const { range, field, value } = row;
  row.minimum = Math.min(row.minimum, value);
  row.maximum = Math.max(row.maximum, value);
  Object.assign(range, { min: row.minimum, max: row.maximum, step: row.step, value });
  field.value = written(row);
  const share = (number) => (100 * (number - row.minimum)) / (row.maximum - row.minimum);
  const zero = Math.min(Math.max(share(0), 0), 100);
  range.style.setProperty("--from", `${Math.min(zero, share(value))}%`);
  range.style.setProperty("--to", `${Math.max(zero, share(value))}%`);
}

/** A number with as many decimals as its step has, so that it does not jiggle; more if typed. */
function written({ value, step }) {
  const decimals = (String(step).split(".")[1] ?? "").length;
  const rounded = value.toFixed(decimals);
  const text = Number(rounded) === value ? rounded : String(Number(value.toPrecision(7)));
  return text.replaceAll("-", "−");
}

/** Whether all numbers that both have are the same. */
function agree(some, others) {
  return Object.keys(some).every((name) => !(name in others) || some[name] === others[name]);
}

/** Report the values, if there is news, the pause is over and the last report was answered. */
function send(instance) {
  clearTimeout(instance.timer);
  const numbers = Object.fromEntries([...instance.rows].map(([name, { value }]) => [name, value]));
  const isNews = !agree(numbers, instance.sent ?? instance.known);
  if (!isNews && (instance.isMoving || instance.isRestKnown)) return;
  if (isBusy(instance)) return; // the end of the run calls again
  const wait = (instance.sent ? PATIENCE : PAUSE) - (performance.now() - instance.sentAt);
  if (wait > 0) {
    instance.timer = setTimeout(() => send(instance), wait);
    return;
  }
  instance.sent = numbers;
  instance.sentAt = performance.now();
  const resting = !instance.isMoving;
  instance.isRestKnown = resting;
  instance.report("values", { generation: instance.generation, numbers, resting });
}

/** Whether a run is under way, of which a new report would be the end before it has shown much. */
function isBusy({ app }) {
  const state = app?.getAttribute("data-test-script-state");
  return state === "running" || state === "rerunRequested";
}
