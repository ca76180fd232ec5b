// The tokens twice, those that look at the left, those looked at on the right, and lines between.

const ROW = 22; // pixels
const WIDEST_LINE = 9;
const ASIDE = 4; // pixels between the lines of two heads
const FAINTEST = 0.01; // a weight below is not drawn

function createWords(view) {
  const place = view.root.querySelector(".words");
  const scroll = place.querySelector(".scroll");
  const queries = place.querySelector(".queries");
  const keys = place.querySelector(".keys");
  const lines = place.querySelector(".lines");
  const map = place.querySelector(".map");
  const reading = place.querySelector(".reading");
  let texts = null; // what the chips show
  let followed = null; // the pair that was brought into view last

  function layOut() {
    const { tokens, prompt } = view.message;
    const wanted = JSON.stringify([tokens, prompt]);
    if (wanted !== texts) {
      texts = wanted;
      for (const [column, side] of [[queries, "query"], [keys, "key"]]) {
        while (column.childElementCount > tokens.length) column.lastElementChild.remove();
        while (column.childElementCount < tokens.length) column.append(chip(column.childElementCount, side));
        tokens.forEach((token, index) => name(column.children[index], token, index, side));
      }
    }
    const ratio = devicePixelRatio || 1;
    [map.width, map.height] = [map.clientWidth * ratio, map.clientHeight * ratio];
    map.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    const isLong = tokens.length * ROW > scroll.clientHeight;
    map.style.visibility = isLong ? "visible" : "hidden";
    const pinned = view.message.pinned ?? { query: tokens.length - 1, key: 0 };
    reachable(queries, pinned.query);
    reachable(keys, pinned.key);
    const now = JSON.stringify([texts, view.message.pinned]);
    if (now !== followed) {
      followed = now;
      bringIntoView(view.message.pinned);
    }
  }

  /** The pinned pair, as near to the middle as the text allows. */
  function bringIntoView(pair) {
    if (!pair) return;
    const [top, bottom] = [Math.min(pair.query, pair.key) * ROW, (Math.max(pair.query, pair.key) + 1) * ROW];
    if (top >= scroll.scrollTop && bottom <= scroll.scrollTop + scroll.clientHeight) return;
    scroll.scrollTop = bottom - top > scroll.clientHeight ? bottom - scroll.clientHeight : (top + bottom - scroll.clientHeight) / 2;
  }

  /** One stop for Tab in each column; from there the arrow keys go on. */
  function reachable(column, index) {
    [...column.children].forEach((each, i) => (each.tabIndex = i === index ? 0 : -1));
  }

  for (const column of [queries, keys]) {
    column.addEventListener("keydown", (event) => {
      const index = [...column.children].indexOf(event.target);
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      const across = { ArrowLeft: queries, ArrowRight: keys }[event.key];
      const next = step ? column.children[index + step] : across?.children[index];
      if (!next) return;
      event.preventDefault();
      reachable(next.parentElement, [...next.parentElement.children].indexOf(next));
      next.focus();
    });
  }

  function name(button, token, index, side) {
    button.classList.toggle("is-written", index >= view.message.prompt);
    if (button.textContent === token) return;
    button.textContent = token;
    button.setAttribute("aria-label", `${side} ${index + 1}, ${token}`);
  }

  function chip(index, side) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "gpt-token";
    const pair = side === "query" ? [index, null] : [null, index];
    button.addEventListener("pointerenter", () => pointAt(view, ...pair));
    button.addEventListener("focus", () => pointAt(view, ...pair));
    button.addEventListener("pointerleave", () => pointAt(view, null, null));
    button.addEventListener("click", () => {
      const pinned = view.message.pinned ?? {};
      const next = side === "query" ? { ...pinned, query: index } : { ...pinned, key: index };
      if (next.query == null) next.query = Math.max(index, view.message.tokens.length - 1);
      if (next.key == null || next.key > next.query) next.key = Math.min(next.query, next.key ?? next.query);
      choose(view, { pinned: next });
    });
    return button;
  }

  /** Every pair to be drawn: [head, query, key, weight]. */
  function pairs() {
    const { message, frame } = view;
    const { query, key } = looked(view) ?? { query: message.tokens.length - 1, key: null };
    const found = [];
    for (const head of message.shown) {
      const weights = shownWeights(message, head);
      const weight = head === message.open ? frame.weight : (q, k) => weights[(q * (q + 1)) / 2 + k] / FINEST;
      if (query != null) for (let k = 0; k <= query; k++) found.push([head, query, k, weight(query, k)]);
      else for (let q = key; q < message.tokens.length; q++) found.push([head, q, key, weight(q, key)]);
    }
    return found;
  }

  function paint() {
    const { message } = view;
    const count = message.tokens.length;
    const { query, key } = looked(view) ?? { query: count - 1, key: null };
    const width = lines.clientWidth || 90;
    lines.setAttribute("height", count * ROW);
    lines.setAttribute("viewBox", `0 0 ${width} ${count * ROW}`);
    const all = pairs();
    const widest = message.shown.length > 1 ? ASIDE : WIDEST_LINE;
    lines.innerHTML = all
      .filter(([, , , weight]) => weight >= FAINTEST)
      .map(([head, q, k, weight]) => {
        const aside = (view.message.shown.indexOf(head) - (view.message.shown.length - 1) / 2) * ASIDE;
        const [from, to] = [(q + 0.5) * ROW + aside, (k + 0.5) * ROW + aside];
        const colour = headColour(view, head);
        return `<path d="M0 ${from} C${width / 2} ${from} ${width / 2} ${to} ${width} ${to}" fill="none" stroke="${colour}" stroke-width="${(0.75 + widest * weight).toFixed(2)}" stroke-opacity="${(0.25 + 0.6 * weight).toFixed(2)}"/>`;
      })
      .join("");
    const total = new Float32Array(count);
    for (const [, q, k, weight] of all) total[query != null ? k : q] += weight / message.shown.length;
    shade(queries, query, query == null ? total : null);
    shade(keys, key, query == null ? null : total);
    reading.replaceChildren(...said(query, key));
    paintMap(total);
  }

  /** How much each token is looked at; only what has changed is touched. */
  function shade(column, looked, shares) {
    [...column.children].forEach((each, i) => {
      const share = shares ? shares[i].toFixed(2) : "0";
      if (each.dataset.share !== share) {
        each.dataset.share = share;
        each.style.setProperty("--share", share);
        each.classList.toggle("is-strong", Number(share) > 0.45);
      }
      if (each.classList.contains("is-looked") !== (i === looked)) each.classList.toggle("is-looked");
    });
  }

  /** Who looks at whom, and how much; each head in its colour where several are shown. */
  function said(query, key) {
    const { tokens, shown, open, heads } = view.message;
    if (query == null) return [`${tokens[key]} is looked at`];
    if (key == null || key > query) return [`${tokens[query]} looks`];
    const at = (query * (query + 1)) / 2 + key;
    const weights = shown.map((head) => {
      const weight = head === open ? view.frame.weight(query, key) : shownWeights(view.message, head)[at] / FINEST;
      const number = document.createElement("b");
      number.textContent = ` ${weight.toFixed(shown.length > 1 ? 2 : 4)}`;
      number.style.color = shown.length > 1 ? headColour(view, head) : "";
      number.title = heads[head] ?? "";
      return number;
    });
    return [`${tokens[query]} → ${tokens[key]}:`, ...weights];
  }

  /** The whole text in a strip: how much each place is looked at, and the part that is in view. */
  function paintMap(total) {
    const context = map.getContext("2d");
    const [width, height] = [map.clientWidth, map.clientHeight];
    context.clearRect(0, 0, width, height);
    const count = view.message.tokens.length;
    total.forEach((share, i) => {
      context.fillStyle = css(mixed(view.colours.panel, view.colours.forward, Math.min(1, share) ** GAMMA));
      context.fillRect(0, (i / count) * height, width, height / count + 0.5);
    });
    context.strokeStyle = css(view.colours.backward);
    context.lineWidth = 1.5;
    const top = (scroll.scrollTop / scroll.scrollHeight) * height;
    context.strokeRect(1, top, width - 2, Math.min(1, scroll.clientHeight / scroll.scrollHeight) * height);
  }

  scroll.addEventListener("scroll", () => view.message && paint(), { passive: true });
  map.addEventListener("pointerdown", (event) => {
    const go = ({ clientY }) => {
      const { top, height } = map.getBoundingClientRect();
      scroll.scrollTop = ((clientY - top) / height) * scroll.scrollHeight - scroll.clientHeight / 2;
    };
    go(event);
    map.setPointerCapture(event.pointerId);
    map.onpointermove = go;
    map.onpointerup = () => (map.onpointermove = null);
  });

  function saveAs(format, name) {
    const { tokens } = view.message;
    const [width, height] = [260, tokens.length * ROW];
    const colour = css(view.colours.text);
    const column = (x, anchor) =>
      tokens
        .map(
          (token, i) =>
            `<text x="${x}" y="${(i + 0.5) * ROW}" dominant-baseline="middle" text-anchor="${anchor}" font-family="monospace" font-size="13" fill="${colour}">${escaped(token)}</text>`,
        )
        .join("");
    const middle = `<svg x="60" y="0" width="140" height="${height}" viewBox="0 0 ${lines.clientWidth} ${height}" preserveAspectRatio="none">${lines.innerHTML}</svg>`;
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="${css(view.colours.ground)}"/>${column(52, "end")}${column(208, "start")}${middle}</svg>`;
    saveSvg(svg, width, height, format, name);
  }

  return { layOut, paint, save: saveAs };
}
