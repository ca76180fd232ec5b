// The bars: a place's probabilities, the model's own in grey and what is drawn from in blue.

const INSET = { left: 44, right: 6, top: 14, bottom: 26 };

function createBars(view) {
  const canvas = view.root.querySelector(".shares");
  const caption = view.root.querySelector(".caption");
  let shown = []; // numbers of the tokens in the order of the bars
  let slot = 1;
  let axis = { top: 0, message: null, place: null };

  /** The end of the axis. While a control is dragged it only grows, or bars could not be compared. */
  function topFor(largest) {
    const { message, place } = view;
    const isSame = axis.message === message && axis.place === place;
    axis = { top: Math.max(niceTop(largest), isSame ? axis.top : 0), message, place };
    return axis.top;
  }

  function ordered() {
    const { now } = view;
    const numbers = Array.from(now.logits.keys());
    // By the model's own share: the order does not change while a slider is dragged.
    if (view.order === "likely") numbers.sort((a, b) => now.model[b] - now.model[a] || a - b);
    return now.size > numbers.length ? [...numbers, TAIL] : numbers;
  }

  function paint() {
    shown = ordered();
    const { context, width, height } = prepare(canvas);
    const { now, colour } = view;
    const finals = shown.map((k) => (k === TAIL ? now.finalTail : now.final[k]));
    const models = shown.map((k) => (k === TAIL ? now.modelTail : now.model[k]));
    const top = topFor(Math.max(...finals, ...models));
    const floor = height - INSET.bottom;
    const up = (share) => floor - (share / top) * (floor - INSET.top);
    slot = (width - INSET.left - INSET.right) / shown.length;
    context.font = `12px ${view.mono}`;
    context.textAlign = "right";
    for (const part of [0, 0.5, 1]) {
      const y = Math.round(up(part * top)) + 0.5;
      context.strokeStyle = css(colour.line);
      context.beginPath();
      context.moveTo(INSET.left, y);
      context.lineTo(width - INSET.right, y);
      context.stroke();
      context.fillStyle = css(colour.muted);
      context.fillText((part * top).toFixed(2), INSET.left - 6, y + 4);
    }
    const taken = tokenOf(view);
    const lit = view.pointed ?? taken;
    const isTailBar = (k) => k === TAIL && now.size > now.logits.length;
    const letters = Math.min(13, Math.max(9, slot + 1.5)); // side by side they must not touch
    context.textAlign = "center";
    shown.forEach((k, i) => {
      const x = INSET.left + i * slot;
      const gap = slot > 5 ? 1.5 : 0.25;
      const isOut = isTailBar(k) ? now.finalTail === 0 : now.cause[k] !== "";
      // The model's own share as an outline, what is left of it filled.
      context.fillStyle = css(colour.masked);
      context.fillRect(x + gap, up(models[i]), slot - 2 * gap, floor - up(models[i]));
      context.fillStyle = css(k === taken ? colour.backward : colour.forward);
      context.fillRect(x + gap, up(finals[i]), slot - 2 * gap, floor - up(finals[i]));
      if (!isOut && finals[i] < models[i]) {
        context.fillStyle = css(colour.text);
        context.fillRect(x + gap, up(models[i]), slot - 2 * gap, 1);
      }
      if (slot >= 8 || k === lit) {
        context.fillStyle = css(isOut ? colour.muted : colour.text);
        context.font = `${k === lit ? "700 13" : letters}px ${view.mono}`;
        context.fillText(k === TAIL ? "…" : now.textOf(k).slice(0, 3), x + slot / 2, floor + 17);
      }
      if (k === lit) {
        context.strokeStyle = css(colour.backward);
        context.lineWidth = 1.5;
        context.strokeRect(x + 0.5, floor + 3, Math.max(slot - 1, 2), 20);
        context.lineWidth = 1;
      }
    });
    canvas.setAttribute("aria-label", described(finals));
    caption.innerHTML = captionOf();
  }

  function captionOf() {
    const { message, now } = view;
    const isNext = view.place === message.taken.length;
    const place = message.n_prompt + view.place + 1;
    const others = now.size - now.logits.length;
    const tail = others
      ? `<br>The other ${others.toLocaleString("en")} hold ${percent(now.modelTail)}, then ${percent(now.finalTail)}`
      : "";
    return `<b>${isNext ? "The next token" : `Token ${place}`}</b> · grey: the model, blue: after the controls${tail}`;
  }

  function described(finals) {
    const best = shown
      .map((k, i) => [view.now.textOf(k), finals[i]])
      .sort((a, b) => b[1] - a[1])
      .slice(0, 3);
    const words = best.map(([text, share]) => `${text} ${(100 * share).toFixed(1)} %`);
    return `Probabilities of the next token, likeliest ${words.join(", ")}. Arrow keys point, Enter forces.`;
  }

  function numberAt(event) {
    const x = event.clientX - canvas.getBoundingClientRect().left - INSET.left;
    const k = shown[Math.floor(x / slot)];
    return k === undefined || k === TAIL || x < 0 ? null : k;
  }

  /** Where a token's bar stands, from the left; null where it has none. */
  function centreOf(k) {
    const index = shown.indexOf(k);
    return index < 0 ? null : INSET.left + (index + 0.5) * slot;
  }

  function point(k) {
    if (k === view.pointed) return;
    view.pointed = k;
    soon(view);
  }

  function force(k) {
    const { message, now, place } = view;
    if (k !== null && !message.is_over) view.send({ act: "force", token: message.ids[now.listed[k]], place });
  }

  canvas.addEventListener("pointermove", (event) => point(numberAt(event)));
  canvas.addEventListener("pointerleave", () => point(null));
  canvas.addEventListener("click", (event) => force(numberAt(event)));
  canvas.addEventListener("blur", () => point(null));
  canvas.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === "Enter" && view.pointed !== null) force(view.pointed);
    if (!by) return;
    event.preventDefault();
    const index = view.pointed === null ? -1 : shown.indexOf(view.pointed);
    const next = shown[Math.min(Math.max(index + by, 0), shown.length - 1)];
    point(next === TAIL ? null : next);
    view.root.querySelector(".spoken").textContent =
      next === TAIL ? "" : `${view.now.textOf(next)}: ${(100 * view.now.final[next]).toFixed(2)} %`;
  });

  return { paint, centreOf };
}

/** A canvas as large as its place, sharp on any screen, and empty. */
function prepare(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = globalThis.devicePixelRatio || 1;
  const [across, down] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== across || canvas.height !== down) [canvas.width, canvas.height] = [across, down];
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

/** The end of the axis: it grows in few steps, so that bars can be compared while they move. */
function niceTop(largest) {
  return [0.05, 0.1, 0.2, 0.4, 0.6, 0.8].find((top) => largest <= top) ?? 1;
}

function percent(share) {
  return `${(100 * share).toFixed(share < 0.1 ? 2 : 1)} %`;
}
