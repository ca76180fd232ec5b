// The run's checkpoints under one slider: dragging it shows each from the film, without a message.
// The view has `message` with its steps, losses and film and with what Python last heard when it was
// made, the `step` on the screen, when a choice was last `sent`, and `filmName`;
// beside this text stand `repaint(view)` and `choose(view, change)`.

/** The step to show after a message: another one may have been asked for since it was made. */
function stepAfter(view, message) {
  const isOvertaken = view.sent > message.heard && message.steps.includes(view.step);
  return isOvertaken ? view.step : message.step;
}

const PLAY_INTERVAL = 350; // milliseconds between two checkpoints

function createScrubber(view) {
  const place = view.root.querySelector(".gpt-scrubber");
  const range = place.querySelector(".steps");
  const play = place.querySelector(".play");
  const output = place.querySelector(".step");
  const losses = place.querySelector(".losses");
  output.title = "The loss on text held out of the training, in nats per token. Where it was not measured: before and after.";
  let timer = null;
  // Where a page's styles find out that what stands below is of another step.
  const page = () => place.closest("[data-testid='stMain']") ?? document.body;

  function layOut() {
    const { steps } = view.message;
    place.hidden = steps.length < 2;
    range.max = steps.length - 1;
    const film = globalThis.gptFilms?.[view.filmName()];
    place.classList.toggle("is-waiting", film?.key !== view.message.film);
    play.disabled = film?.key !== view.message.film;
  }

  function paint() {
    const { message, step } = view;
    const index = message.steps.indexOf(step);
    range.value = index;
    range.setAttribute("aria-valuetext", `step ${step}`);
    output.textContent = `step ${step.toLocaleString("en")}${lossAt(step)}`;
    page().toggleAttribute("data-gpt-moving", step !== message.step);
    drawLosses(index);
  }

  /** The validation loss where it was measured; between two measurements, both. */
  function lossAt(step) {
    const { steps, values } = view.message.losses;
    const after = steps.findIndex((each) => each >= step);
    if (steps[after] === step) return `\nvalidation loss ${values[after].toFixed(4)}`;
    if (after <= 0) return "";
    // Measured before and after this step, not at it.
    const ends = [values[after - 1], values[after]].sort((a, b) => a - b);
    const [lower, upper] = ends.map((each) => each.toFixed(ends[1] < 0.1 ? 4 : 2));
    return `\nvalidation loss ${lower === upper ? `about ${lower}` : `${lower} to ${upper}`}`;
  }

  /** The validation loss over the run, along the slider: its marks are the checkpoints. */
  function drawLosses(index) {
    const { steps, losses: known } = view.message;
    const [width, height] = [losses.clientWidth || 600, 34];
    losses.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const inset = 8; // half of the slider's thumb
    const across = (i) => inset + (i / Math.max(1, steps.length - 1)) * (width - 2 * inset);
    const placeOf = (step) => {
      const after = steps.findIndex((each) => each >= step);
      if (after <= 0) return across(Math.max(0, after));
      const [a, b] = [steps[after - 1], steps[after]];
      return across(after - 1 + (step - a) / (b - a));
    };
    const marks = steps.map((_, i) => `<path class="mark" d="M${across(i)} ${height - 5}v5"/>`).join("");
    let curve = "";
    if (known.values.length > 1) {
      const [low, high] = [Math.min(...known.values), Math.max(...known.values)];
      const up = (loss) => 3 + (1 - (loss - low) / (high - low || 1)) * (height - 10);
      const inRange = known.steps.map((step, i) => [step, known.values[i]]).filter(([s]) => s <= steps.at(-1));
      const points = inRange.map(([s, loss]) => `${placeOf(s).toFixed(1)},${up(loss).toFixed(1)}`);
      curve = `<polyline class="curve" points="${points.join(" ")}"/>`;
    }
    losses.innerHTML = `${marks}${curve}<path class="cursor" d="M${across(index)} 0v${height}"/>`;
  }

  function go(index) {
    view.step = view.message.steps[index];
    repaint(view);
  }

  function pause() {
    clearInterval(timer);
    timer = null;
    play.textContent = "▶";
    play.setAttribute("aria-label", "Play the training");
  }

  range.addEventListener("input", () => {
    pause();
    go(Number(range.value));
  });
  range.addEventListener("change", () => choose(view, {}));
  play.addEventListener("click", () => {
    if (timer) {
      pause();
      return choose(view, {});
    }
    play.textContent = "❚❚";
    play.setAttribute("aria-label", "Pause");
    const last = view.message.steps.length - 1;
    if (view.message.steps.indexOf(view.step) === last) go(0);
    timer = setInterval(() => {
      const index = view.message.steps.indexOf(view.step) + 1;
      go(Math.min(index, last));
      if (index >= last) {
        pause();
        choose(view, {});
      }
    }, PLAY_INTERVAL);
  });

  function leave() {
    pause();
    page().removeAttribute("data-gpt-moving");
  }

  return { layOut, paint, leave };
}
