// What a model would say at every depth, for every token: a grid with tokens from left to right and
// depth from bottom to top, and over it the paths by which one cell came to be. Pointing, dragging
// the slider over the training and pruning the paths need no message to Python; a click sends one.

export default {
  create: (element) => create(element.querySelector(".gpt-lens")),
  receive(view, { data, setStateValue }) {
    view.send = (choice) => {
      view.sent = Date.now();
      setStateValue("choice", { ...choice, at: view.sent });
    };
    view.sendDrawing = () => setStateValue("drawing", { ...view.drawing, at: Date.now() });
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
    pointed: null, // { position, row } under the pointer
    pinned: null,
    drawing: null, // { ranked, hasWays, smallestShare }
    drawn: 0, // when the reader last changed that
    colours: null,
    filmName: () => `${view.message.name} film`,
  };
  view.scrubber = createScrubber(view);
  view.grid = createGrid(view);
  view.controls = createControls(view);
  const onFilm = ({ detail }) => view.message && detail.startsWith(view.message.name) && filmCame(view);
  const onTheme = () => requestAnimationFrame(() => repaint(view));
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
  };
  return view;
}

function receive(view, message) {
  const isNewText = !view.message || view.message.tokens.join("\0") !== message.tokens.join("\0");
  view.message = message;
  if (view.drawn <= message.drawingHeard) {
    view.drawing = { ...message.drawing };
    view.controls.show();
  }
  view.step = stepAfter(view, message);
  view.pinned = { position: message.position, row: message.depth };
  if (isNewText) view.pointed = null;
  layOut(view);
  if (isNewText) view.grid.bringIntoView(message.position);
}

/** Everything anew: another text, another width. */
function layOut(view) {
  view.scrubber.layOut();
  view.grid.layOut();
  repaint(view);
}

/** The step on the screen, and whatever depends on it. */
function repaint(view) {
  if (!view.message) return;
  view.colours = readColours(view.root);
  view.frame = frameOf(view);
  view.flow = flowOf(view);
  view.grid.paint();
  view.scrubber.paint();
}

/** The step on the screen: exact where Python was asked for it, else from the film. */
function frameOf(view) {
  const { message, step } = view;
  const film = globalThis.gptFilms?.[view.filmName()];
  const at = film?.key === message.film ? film.steps.indexOf(step) : -1;
  const size = message.streams.length * message.tokens.length;
  if (step === message.step || at < 0) {
    const { numbers, words, best: k } = message;
    return {
      word: (cell, i = 0) => words[numbers.tokens[cell * k + i]],
      probability: (cell, i = 0) => numbers.probabilities[cell * k + i],
      rank: (cell) => numbers[`${view.drawing.ranked}_ranks`][cell],
      best: k,
    };
  }
  const { numbers, words } = film;
  const cellOf = (cell) => at * size + cell;
  return {
    word: (cell) => words[numbers.tokens[cellOf(cell)]],
    probability: (cell) => numbers.probabilities[cellOf(cell)] / 65535,
    rank: (cell) => numbers[`${view.drawing.ranked}_ranks`][cellOf(cell)],
    best: 1,
  };
}

function filmCame(view) {
  view.scrubber.layOut();
  repaint(view);
}

/** Send a choice to Python: what is not named stays as it is. */
function choose(view, change) {
  const { position, row } = view.pinned;
  view.send({ step: view.step, position, depth: row, ...change });
}

/** The buttons and sliders above the grid: at once in the browser, and told to Python. */
function createControls(view) {
  const { root } = view;
  const radios = [...root.querySelectorAll("[data-rank]")];
  const [ways, share] = [root.querySelector(".paths input"), root.querySelector(".threshold input")];

  function show() {
    const { ranked, hasWays, smallestShare } = view.drawing;
    for (const radio of radios) {
      const isChosen = radio.dataset.rank === ranked;
      radio.setAttribute("aria-checked", String(isChosen));
      radio.tabIndex = isChosen ? 0 : -1;
    }
    ways.checked = hasWays;
    share.value = smallestShare;
    root.querySelector(".threshold output").textContent = smallestShare.toFixed(2);
  }

  function draw(change) {
    Object.assign(view.drawing, change);
    view.drawn = Date.now();
    show();
    if ("ranked" in change) repaint(view);
    else view.grid.light();
  }

  function rankBy(radio) {
    draw({ ranked: radio.dataset.rank });
    view.sendDrawing();
  }

  radios.forEach((radio, i) => {
    radio.addEventListener("click", () => rankBy(radio));
    radio.addEventListener("keydown", ({ key }) => {
      if (!["ArrowLeft", "ArrowRight"].includes(key)) return;
      const next = radios[(i + 1) % radios.length];
      next.focus();
      rankBy(next);
    });
  });
  ways.addEventListener("change", () => {
    draw({ hasWays: ways.checked });
    view.sendDrawing();
  });
  share.addEventListener("input", () => draw({ smallestShare: Number(share.value) }));
  share.addEventListener("change", () => view.sendDrawing());
  for (const button of root.querySelectorAll("[data-save]")) {
    button.addEventListener("click", () => view.grid.save(button.dataset.save));
  }
  return { show };
}
