// Below the bars the same probabilities laid end to end, in the order of the vocabulary, and the
// needle that draws from them. Where a tail is left out, its shares are the gaps. A line leads from
// the bar that is drawn, and from the one that is pointed at, to its share.

const STRIP = { top: 26, height: 20 };

function paintNeedle(view) {
  const line = view.root.querySelector(".needle");
  const words = view.root.querySelector(".drawn");
  const { now, message, colour } = view;
  const { context, width } = prepare(line);
  if (now.drawn === null) {
    words.textContent = "Let go, and the needle draws from these.";
    line.setAttribute("aria-label", "The needle waits until the slider is let go");
    return;
  }
  const length = width - INSET.left - INSET.right;
  const along = (share) => INSET.left + share * length;
  context.font = `12px ${view.mono}`;
  context.textAlign = "center";
  const segment = (from, to, text, isDrawn, isPointed) => {
    context.fillStyle = css(isDrawn ? colour.backward : colour.forward);
    context.globalAlpha = isDrawn ? 1 : isPointed ? 0.9 : 0.28;
    context.fillRect(from, STRIP.top, Math.max(to - from - 1, 0.5), STRIP.height);
    context.globalAlpha = 1;
    if (to - from > 11) {
      context.fillStyle = isDrawn ? "#fff" : css(colour.text);
      context.fillText(text.slice(0, 3), (from + to) / 2, STRIP.top + 14);
    }
  };
  now.final.forEach((share, k) => {
    if (share <= 0 || k === now.drawn) return;
    segment(along(now.starts[k]), along(now.starts[k] + share), now.textOf(k), false, k === view.pointed);
  });
  const text = now.drawn === TAIL ? message.vocabulary[now.drawnToken] : now.textOf(now.drawn);
  segment(along(now.span[0]), along(now.span[1]), text, true, false);
  const join = (k, from, to, paint) => {
    const [bar, share] = [view.bars.centreOf(k), (along(from) + along(to)) / 2];
    if (bar === null) return;
    context.strokeStyle = css(paint);
    context.lineWidth = 1.5;
    context.beginPath();
    context.moveTo(bar, 0);
    context.bezierCurveTo(bar, STRIP.top / 2, share, STRIP.top / 2, share, STRIP.top);
    context.stroke();
  };
  const k = view.pointed;
  if (k !== null && k !== now.drawn && now.final[k] > 0) {
    join(k, now.starts[k], now.starts[k] + now.final[k], colour.forward);
  }
  join(now.drawn, now.span[0], now.span[1], colour.backward);
  const [x, foot] = [along(now.needle), STRIP.top + STRIP.height + 6];
  context.fillStyle = css(colour.text);
  context.fillRect(x - 1, STRIP.top - 4, 2, STRIP.height + 12);
  context.beginPath();
  context.moveTo(x - 6, foot + 10);
  context.lineTo(x + 6, foot + 10);
  context.lineTo(x, foot);
  context.fill();
  const given = message.given[view.place] ? "It was given, not drawn. " : "";
  words.innerHTML =
    `${given}The needle stands at <b>${now.needle.toFixed(4)}</b>, in the share of <b class="chip">${escaped(text)}</b>,` +
    ` from ${now.span[0].toFixed(4)} to ${now.span[1].toFixed(4)}.`;
  line.setAttribute("aria-label", `The needle at ${now.needle.toFixed(4)} points at ${text}`);
}
