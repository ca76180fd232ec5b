// The bars, and below them the same probabilities laid end to end with the needle.

const MOST_BARS = 200;
const HEIGHT = 250;
const INSET = { left: 44, right: 6, top: 14, bottom: 26 };

function createBars(view) {
  const canvas = view.root.querySelector(".shares");
  const line = view.root.querySelector(".needle");
  const caption = view.root.querySelector(".caption");
  let shown = []; // tokens in the order of the bars; -1 is all the others
  let slot = 1;

  function ordered() {
    const { now, message } = view;
    const V = message.vocabulary.length;
    const tokens = Array.from({ length: V }, (_, i) => i);
    // By the model's own share: the order does not change while a slider is dragged.
    const likely = () => tokens.sort((a, b) => now.model[b] - now.model[a] || a - b);
    if (V <= MOST_BARS) return view.order === "likely" ? likely() : tokens;
    const top = likely().slice(0, MOST_BARS);
    return [...(view.order === "likely" ? top : top.sort((a, b) => a - b)), -1];
  }

  function shareOf(shares, token) {
    if (token >= 0) return shares[token];
    const top = new Set(shown);
    return shares.reduce((sum, share, i) => sum + (top.has(i) ? 0 : share), 0);
  }

  function paint() {
    shown = ordered();
    const colour = readColours(view.root);
    const { context, width } = prepare(canvas, HEIGHT);
    const { now, message } = view;
    const finals = shown.map((token) => shareOf(now.final, token));
    const models = shown.map((token) => shareOf(now.model, token));
    const top = niceTop(Math.max(...finals, ...models));
    const floor = HEIGHT - INSET.bottom;
    const up = (share) => floor - (share / top) * (floor - INSET.top);
    slot = (width - INSET.left - INSET.right) / shown.length;
    context.font = `12px ${colour.mono}`;
    context.textAlign = "right";
    for (const part of [0, 0.5, 1]) {
      const y = Math.round(up(part * top)) + 0.5;
      context.strokeStyle = colour.line;
      context.beginPath();
      context.moveTo(INSET.left, y);
      context.lineTo(width - INSET.right, y);
      context.stroke();
      context.fillStyle = colour.muted;
      context.fillText((part * top).toFixed(2), INSET.left - 6, y + 4);
    }
    const taken = view.place < message.taken.length ? message.taken[view.place] : now.drawn;
    const lit = view.pointed ?? taken;
    context.textAlign = "center";
    shown.forEach((token, i) => {
      const x = INSET.left + i * slot;
      const gap = slot > 5 ? 1.5 : 0.25;
      const isOut = token >= 0 && now.cause[token] !== "";
      // The model's own share as an outline, what is left of it filled.
      context.fillStyle = colour.masked;
      context.fillRect(x + gap, up(models[i]), slot - 2 * gap, floor - up(models[i]));
      context.fillStyle = token === taken ? colour.backward : colour.forward;
      context.fillRect(x + gap, up(finals[i]), slot - 2 * gap, floor - up(finals[i]));
      if (!isOut && finals[i] < models[i]) {
        context.fillStyle = colour.text;
        context.fillRect(x + gap, up(models[i]), slot - 2 * gap, 1);
      }
      if (slot >= 9 || token === lit) {
        context.fillStyle = isOut ? colour.muted : colour.text;
        context.font = `${token === lit ? "700 " : ""}13px ${colour.mono}`;
        context.fillText(token < 0 ? "…" : message.vocabulary[token].slice(0, 3), x + slot / 2, floor + 17);
      }
      if (token === lit) {
        context.strokeStyle = colour.backward;
        context.lineWidth = 1.5;
        context.strokeRect(x + 0.5, floor + 3, Math.max(slot - 1, 2), 20);
        context.lineWidth = 1;
      }
    });
    canvas.setAttribute("aria-label", described(shown, finals));
    caption.innerHTML = captionOf();
    paintNeedle(colour, taken);
  }

  function captionOf() {
    const isNext = view.place === view.message.taken.length;
    const place = view.message.prompt.length + view.place + 1;
    return `<b>${isNext ? "The next token" : `Token ${place}`}</b> · grey: the model itself, blue: after the controls`;
  }

  function described(tokens, finals) {
    const best = tokens
      .map((token, i) => [token < 0 ? "others" : view.message.vocabulary[token], finals[i]])
      .sort((a, b) => b[1] - a[1])
      .slice(0, 3);
    const words = best.map(([text, share]) => `${text} ${(100 * share).toFixed(1)} %`);
    return `Probabilities of the next token, likeliest ${words.join(", ")}. Arrow keys point, Enter forces.`;
  }

  /** The probabilities end to end, in the order of the vocabulary, as they are drawn from. */
  function paintNeedle(colour, taken) {
    const { context, width } = prepare(line, 56);
    const { now, message } = view;
    const length = width - INSET.left - INSET.right;
    let sum = 0;
    context.font = `12px ${colour.mono}`;
    context.textAlign = "center";
    now.final.forEach((share, token) => {
      if (share <= 0) return;
      const [from, to] = [INSET.left + sum * length, INSET.left + (sum + share) * length];
      sum += share;
      context.fillStyle = token === now.drawn ? colour.backward : colour.forward;
      context.globalAlpha = token === now.drawn ? 1 : token === view.pointed ? 0.9 : 0.28;
      context.fillRect(from, 20, Math.max(to - from - 1, 0.5), 20);
      context.globalAlpha = 1;
      if (to - from > 11) {
        context.fillStyle = token === now.drawn ? "#fff" : colour.text;
        context.fillText(message.vocabulary[token].slice(0, 3), (from + to) / 2, 34);
      }
    });
    const x = INSET.left + now.needle * length;
    context.fillStyle = colour.text;
    context.fillRect(x - 1, 12, 2, 36);
    context.beginPath();
    context.moveTo(x - 5, 6);
    context.lineTo(x + 5, 6);
    context.lineTo(x, 15);
    context.fill();
    const given = message.given[view.place] ? "It was given, not drawn. " : "";
    const chip = (token) => `<b class="chip">${escaped(message.vocabulary[token])}</b>`;
    const start = now.final.slice(0, now.drawn).reduce((a, b) => a + b, 0);
    const end = start + now.final[now.drawn];
    view.root.querySelector(".drawn").innerHTML =
      `${given}The needle stands at <b>${now.needle.toFixed(4)}</b>, in the share of ${chip(now.drawn)},` +
      ` which goes from ${start.toFixed(4)} to ${end.toFixed(4)}.`;
    line.setAttribute("aria-label", `The needle at ${now.needle.toFixed(4)} points at ${message.vocabulary[now.drawn]}`);
  }

  function tokenAt(event) {
    const x = event.clientX - canvas.getBoundingClientRect().left - INSET.left;
    const token = shown[Math.floor(x / slot)];
    return token === undefined || token < 0 || x < 0 ? null : token;
  }

  function point(token) {
    if (token === view.pointed) return;
    view.pointed = token;
    soon(view);
  }

  function force(token) {
    if (token !== null && !view.message.is_over) view.send({ act: "force", token, place: view.place });
  }

  canvas.addEventListener("pointermove", (event) => point(tokenAt(event)));
  canvas.addEventListener("pointerleave", () => point(null));
  canvas.addEventListener("click", (event) => force(tokenAt(event)));
  canvas.addEventListener("blur", () => point(null));
  canvas.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === "Enter" && view.pointed !== null) force(view.pointed);
    if (!by) return;
    event.preventDefault();
    const index = shown.indexOf(view.pointed ?? -2);
    const next = shown[Math.min(Math.max(index + by, 0), shown.length - 1)];
    point(next < 0 ? null : next);
    view.root.querySelector(".spoken").textContent =
      next < 0 ? "" : `${view.message.vocabulary[next]}: ${(100 * view.now.final[next]).toFixed(2)} %`;
  });

  return { paint };
}

/** A canvas as wide as its place, sharp on any screen, and empty. */
function prepare(canvas, height) {
  const width = canvas.parentElement.clientWidth;
  const scale = globalThis.devicePixelRatio || 1;
  const [across, down] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== across || canvas.height !== down) {
    [canvas.width, canvas.height] = [across, down];
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  }
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width };
}

/** The end of the axis: it grows in few steps, so that bars can be compared while they move. */
function niceTop(largest) {
  return [0.05, 0.1, 0.2, 0.4, 0.6, 0.8].find((top) => largest <= top) ?? 1;
}

const COLOURS = ["ground", "line", "text", "muted", "forward", "backward", "masked"];

function readColours(root) {
  const probe = document.createElement("i");
  root.append(probe);
  const colours = {};
  for (const name of COLOURS) {
    probe.style.color = `var(--gpt-${name})`;
    colours[name] = getComputedStyle(probe).color;
  }
  probe.style.fontFamily = "var(--gpt-mono)";
  colours.mono = getComputedStyle(probe).fontFamily;
  probe.remove();
  return colours;
}
