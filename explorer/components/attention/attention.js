// Attention under the pointer: every head as a thumbnail, one in full, its words and lines, and a
// slider over the run's checkpoints. Above this text, Python writes the constants of plotly.js and
// CATEGORICAL. Pointing, playing and dragging need no message to Python; letting go, opening,
// pinning and switching off send one.

const FINEST = 65535; // how a weight of 1 is sent

export default {
  create: (element) => create(element.querySelector(".gpt-attention")),
  receive(view, { data, setStateValue }) {
    view.send = (choice) => {
      view.sent = Date.now();
      setStateValue("choice", { ...choice, at: view.sent });
    };
    receive(view, unpack(data));
  },
  leave: (view) => view.stop(),
};

function create(root) {
  const view = {
    root,
    message: null,
    step: null, // the checkpoint on the screen
    sent: 0, // when a choice was last sent to Python
    pointed: null, // { query, key } under the pointer
    colours: null,
    filmName: () => `${view.message.name} thumbnails`,
  };
  view.thumbnails = createThumbnails(view);
  view.heatmap = createHeatmap(view);
  view.words = createWords(view);
  view.scrubber = createScrubber(view);
  for (const button of root.querySelectorAll("[data-save]")) {
    button.addEventListener("click", () => save(view, button.dataset.save));
  }
  const onFilm = ({ detail }) => view.message && detail.startsWith(view.message.name) && filmCame(view);
  const onTheme = () => {
    view.colours = null;
    requestAnimationFrame(() => repaint(view));
  };
  const theme = new MutationObserver(onTheme);
  theme.observe(document.documentElement, { attributes: true });
  theme.observe(document.body, { attributes: true });
  const sizes = new ResizeObserver(() => {
    cancelAnimationFrame(view.resizing);
    view.resizing = requestAnimationFrame(() => view.message && layOut(view));
  });
  sizes.observe(root);
  globalThis.addEventListener("gpt-film", onFilm);
  view.stop = () => {
    view.scrubber.leave();
    sizes.disconnect();
    theme.disconnect();
    globalThis.removeEventListener("gpt-film", onFilm);
    view.heatmap.purge();
  };
  return view;
}

function receive(view, message) {
  const isNewText = !view.message || view.message.tokens.join("\0") !== message.tokens.join("\0");
  view.message = message;
  view.step = stepAfter(view, message);
  if (isNewText) view.pointed = null;
  layOut(view);
}

/** Everything anew: another text, another width. */
function layOut(view) {
  view.scrubber.layOut();
  view.thumbnails.layOut();
  view.words.layOut();
  repaint(view);
}

/** The numbers of the step on the screen, and whatever depends on them. */
function repaint(view) {
  if (!view.message) return;
  view.colours ??= readColours(view.root);
  view.frame = frameOf(view);
  view.thumbnails.paint();
  view.heatmap.paint();
  view.words.paint();
  view.scrubber.paint();
}

/** The step on the screen: as Python sent it, or from the film. */
function frameOf(view) {
  const { message, step } = view;
  const films = globalThis.gptFilms ?? {};
  const small = films[`${message.name} thumbnails`];
  const large = films[`${message.name} open`];
  const isHere = step === message.step;
  const at = (film) => (!isHere && film?.key === message.film ? film.steps.indexOf(step) : -1);
  const size = ((message.size * (message.size + 1)) / 2) * message.heads.length;
  const isFilmed = at(small) >= 0;
  const thumbnails = isFilmed
    ? small.numbers.thumbnails.subarray(at(small) * size, (at(small) + 1) * size)
    : message.numbers.thumbnails;
  const cells = (message.tokens.length * (message.tokens.length + 1)) / 2;
  const open =
    at(large) >= 0 && large.open === message.open
      ? large.numbers.open.subarray(at(large) * cells, (at(large) + 1) * cells)
      : shownWeights(message, message.open);
  const { scores } = message.numbers;
  const hasScores = isHere && scores.length > 0; // of other steps only the weights are sent
  return {
    thumbnails,
    labels: isFilmed ? small.labels[at(small)] : message.labels,
    weight: (query, key) => open[(query * (query + 1)) / 2 + key] / FINEST,
    score: (query, key) => (hasScores ? scores[(query * (query + 1)) / 2 + key] / 100 : null),
  };
}

/** All weights of a head that is shown, row by row up to the diagonal. */
function shownWeights(message, head) {
  const cells = (message.tokens.length * (message.tokens.length + 1)) / 2;
  const at = message.shown.indexOf(head);
  return message.numbers.weights.subarray(at * cells, (at + 1) * cells);
}

function filmCame(view) {
  view.scrubber.layOut();
  if (view.step !== view.message.step) repaint(view);
}

/** The pointer is on a token, or on a pair; or on nothing. */
function pointAt(view, query, key) {
  const next = query === null && key === null ? null : { query, key };
  if (JSON.stringify(next) === JSON.stringify(view.pointed)) return;
  view.pointed = next;
  cancelAnimationFrame(view.pointing);
  view.pointing = requestAnimationFrame(() => {
    view.thumbnails.light();
    view.heatmap.light();
    view.words.paint();
  });
}

/** What is looked at: the pair under the pointer, or else the pinned one. */
function looked(view) {
  return view.pointed ?? view.message.pinned;
}

/** Send a choice to Python: what is not named stays as it is. */
function choose(view, change) {
  const { open, shown, off, pinned } = view.message;
  view.send({ step: view.step, open, shown, off, pinned, ...change });
}

/** The colour of a head wherever several are told apart. */
function headColour(view, index) {
  return view.message.shown.length > 1
    ? CATEGORICAL[view.message.shown.indexOf(index) % CATEGORICAL.length]
    : css(view.colours.forward);
}

/** A file's name says whose, of what and when. */
function save(view, what) {
  const [part, format] = what.split("-");
  const { run, title } = view.message;
  const which = part === "heads" ? "all heads" : title.toLowerCase();
  const name = `${run} ${which} step ${view.step}`.replace(/[^a-z0-9]+/gi, "-");
  if (part === "heads") view.thumbnails.save(format, name);
  else if (part === "open") view.heatmap.save(format, name);
  else view.words.save(format, name);
}
