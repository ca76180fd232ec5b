// All heads at once, layers from top to bottom, heads from left to right.

const GAP = 6; // pixels between thumbnails
const MARGIN = 22; // for the names of layers and heads
const GAMMA = 0.6; // small weights are lifted, or a thumbnail would show its few large ones only

function createThumbnails(view) {
  const place = view.root.querySelector(".thumbnails");
  const patterns = place.querySelector(".patterns");
  const lit = place.querySelector(".lit");
  const buttons = place.querySelector(".buttons");
  let side = 0; // of one thumbnail

  function layOut() {
    const { layers, heads } = view.message;
    const columns = heads.length / layers;
    const width = place.clientWidth;
    side = Math.max(14, Math.min(150, Math.floor((width - MARGIN) / columns) - GAP));
    const height = MARGIN + layers * (side + GAP);
    place.style.height = `${height}px`;
    for (const canvas of [patterns, lit]) {
      const ratio = devicePixelRatio || 1;
      [canvas.width, canvas.height] = [width * ratio, height * ratio];
      [canvas.style.width, canvas.style.height] = [`${width}px`, `${height}px`];
      canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    if (buttons.childElementCount !== heads.length) makeButtons();
    heads.forEach((_, index) => {
      const { x, y } = corner(index);
      const box = buttons.children[index];
      Object.assign(box.style, { left: `${x}px`, top: `${y}px`, width: `${side}px`, height: `${side}px` });
    });
  }

  /** One to open each head, and in its corner one to switch it off. */
  function makeButtons() {
    buttons.replaceChildren(
      ...view.message.heads.map((_, index) => {
        const box = document.createElement("div");
        const open = document.createElement("button");
        open.type = "button";
        open.className = "opener";
        open.addEventListener("click", (event) => pick(index, event));
        open.addEventListener("dblclick", () => choose(view, { open: index, shown: [index] }));
        const power = document.createElement("button");
        power.type = "button";
        power.className = "power";
        power.textContent = "×";
        power.addEventListener("click", () => {
          const { off } = view.message;
          choose(view, { off: off.includes(index) ? off.filter((i) => i !== index) : [...off, index] });
        });
        box.append(open, power);
        return box;
      }),
    );
  }

  /** A click opens a head; with Shift or Ctrl it is shown beside the others, or no longer. */
  function pick(index, event) {
    const { shown, open } = view.message;
    if (!(event.shiftKey || event.ctrlKey || event.metaKey)) {
      const others = shown.filter((i) => i !== open && i !== index);
      return choose(view, { open: index, shown: shown.length > 1 ? [index, ...others] : [index] });
    }
    const next = shown.includes(index) ? shown.filter((i) => i !== index) : [...shown, index];
    if (next.length) choose(view, { shown: next, open: next.includes(open) ? open : next[0] });
  }

  buttons.addEventListener("keydown", (event) => {
    const columns = view.message.heads.length / view.message.layers;
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
    const index = [...buttons.children].indexOf(event.target.parentElement);
    const next = step && buttons.children[index + step];
    if (!next) return;
    event.preventDefault();
    next.firstElementChild.focus();
  });

  function corner(index) {
    const columns = view.message.heads.length / view.message.layers;
    return {
      x: MARGIN + (index % columns) * (side + GAP),
      y: MARGIN + Math.floor(index / columns) * (side + GAP),
    };
  }

  function paint() {
    const { message, frame, colours } = view;
    const { size, heads, layers } = message;
    const context = patterns.getContext("2d");
    context.clearRect(0, 0, patterns.width, patterns.height);
    context.imageSmoothingEnabled = false;
    const shades = Uint32Array.from({ length: 256 }, (_, level) =>
      pixel(mixed(colours.panel, colours.forward, (level / 255) ** GAMMA)),
    );
    const small = new OffscreenCanvas(size, size);
    const image = new ImageData(size, size);
    const pixels = new Uint32Array(image.data.buffer).fill(pixel(colours.masked));
    let at = 0;
    heads.forEach((_, index) => {
      for (let row = 0; row < size; row++) {
        for (let column = 0; column <= row; column++) pixels[row * size + column] = shades[frame.thumbnails[at++]];
      }
      small.getContext("2d").putImageData(image, 0, 0);
      const { x, y } = corner(index);
      context.globalAlpha = message.off.includes(index) ? 0.25 : 1;
      context.drawImage(small, x, y, side, side);
      context.globalAlpha = 1;
    });
    context.fillStyle = css(colours.muted);
    context.font = "500 11px var(--gpt-mono), monospace";
    context.textAlign = "center";
    context.textBaseline = "middle";
    const columns = heads.length / layers;
    for (let head = 0; head < columns; head++) context.fillText(`H${head}`, corner(head).x + side / 2, 10);
    for (let layer = 0; layer < layers; layer++) {
      context.fillText(`L${layer}`, 9, corner(layer * columns).y + side / 2);
    }
    heads.forEach((name, index) => {
      const [opener, power] = buttons.children[index].children;
      const isShown = message.shown.includes(index);
      const isOff = message.off.includes(index);
      opener.setAttribute("aria-pressed", isShown);
      opener.classList.toggle("is-open", message.open === index);
      opener.style.setProperty("--head", isShown ? headColour(view, index) : "transparent");
      const label = frame.labels[index];
      const said = `${name}${label ? `: ${label}` : ""}${isOff ? ", switched off" : ""}`;
      opener.setAttribute("aria-label", said);
      opener.title = `${said}\nclick: open · shift-click: compare · double-click: only this`;
      power.setAttribute("aria-label", `Switch ${name} ${isOff ? "on" : "off"}`);
      power.setAttribute("aria-pressed", isOff);
    });
    light();
  }

  /** Frames in every head, as in the open one: a tint would make another weight of each. */
  function light() {
    const { message, colours } = view;
    const context = lit.getContext("2d");
    context.clearRect(0, 0, lit.width, lit.height);
    const { query, key } = looked(view) ?? {};
    const count = message.tokens.length;
    context.strokeStyle = css(colours.backward);
    message.heads.forEach((_, index) => {
      if (query != null) frame(context, index, [0, query, query, query], 1);
      else if (key != null) frame(context, index, [key, key, key, count - 1], 1);
      if (query != null && key != null && key <= query) frame(context, index, [key, query, key, query], 2);
    });
  }

  /** Around the cells from the first column and row to the last, outside them. */
  function frame(context, index, [left, top, right, bottom], thick) {
    const { x, y } = corner(index);
    const cell = side / view.message.tokens.length;
    context.lineWidth = thick;
    context.strokeRect(
      x + left * cell - thick / 2,
      y + top * cell - thick / 2,
      (right - left + 1) * cell + thick,
      (bottom - top + 1) * cell + thick,
    );
  }

  place.addEventListener("pointermove", ({ clientX, clientY }) => {
    const bounds = place.getBoundingClientRect();
    const column = (clientX - bounds.left - MARGIN) % (side + GAP);
    const row = (clientY - bounds.top - MARGIN) % (side + GAP);
    const count = view.message.tokens.length;
    const isInside = column >= 0 && column < side && row >= 0 && row < side;
    const query = isInside ? Math.floor((row / side) * count) : null;
    pointAt(view, query, null);
  });
  place.addEventListener("pointerleave", () => pointAt(view, null, null));

  function saveAs(format, name) {
    const [width, height] = [patterns.clientWidth, patterns.clientHeight];
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="${css(view.colours.ground)}"/><image width="${width}" height="${height}" href="${patterns.toDataURL()}"/></svg>`;
    saveSvg(svg, width, height, format, name);
  }

  return { layOut, paint, light, save: saveAs };
}
