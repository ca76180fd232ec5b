// The graph as a file of its own. Above, Python writes DRAWING_CSS, the style of the drawing alone.

const GAP = 32; // around the drawing, and between two that stand side by side

async function save(instance, format) {
  const picture = standAlone(instance);
  const file = new Blob([picture.text], { type: "image/svg+xml" });
  const name = `${instance.name}.${format}`;
  download(format === "svg" ? file : await rasterised(file, picture), name);
}

/** The whole drawing with what is pinned and where the pass is, in the colours of the page. */
function standAlone({ root, drawing, panes }) {
  const width = panes.length * (drawing.width + GAP) + GAP;
  const captions = panes.length > 1 ? 28 : 0;
  const height = drawing.height + 2 * GAP + captions;
  const groups = panes.map((pane, index) => {
    addText(pane, "all", [-Infinity, -Infinity, Infinity, Infinity]);
    const scene = pane.scene.cloneNode(true);
    scene.querySelectorAll(".reach, .toggle, .flows").forEach((element) => element.remove());
    const x = GAP + index * (drawing.width + GAP);
    scene.setAttribute("transform", `translate(${x} ${GAP + captions})`);
    for (const element of scene.querySelectorAll("*")) {
      for (const name of [...element.getAttributeNames()]) {
        if (/^(data-|aria-|role$|tabindex$)/.test(name)) element.removeAttribute(name);
      }
    }
    const title = `<text class="caption" x="${x}" y="${GAP}">${escaped(pane.name)}</text>`;
    return (captions ? title : "") + new XMLSerializer().serializeToString(scene);
  });
  const text =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"` +
    ` viewBox="0 0 ${width} ${height}" class="graph" data-detail="all">` +
    `<title>${escaped(drawing.alt)}</title><style>${resolved(DRAWING_CSS, root)}</style>` +
    `<defs>${HATCH}</defs><rect class="page" width="${width}" height="${height}"/>` +
    `${groups.join("")}</svg>`;
  return { text, width, height };
}

/** A style sheet without variables: each is replaced by what it stands for on this page. */
function resolved(css, root) {
  const probe = document.createElement("span");
  root.append(probe);
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const text = css.replace(/var\((--[\w-]+)\)/g, (variable, name) => {
    if (/-(mono|sans|serif)$/.test(name)) {
      probe.style.fontFamily = variable;
      return getComputedStyle(probe).fontFamily;
    }
    // Painted and read back: a browser may write a mixed colour in a way that others cannot read.
    probe.style.color = variable;
    canvas.fillStyle = getComputedStyle(probe).color;
    canvas.fillRect(0, 0, 1, 1);
    const channels = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    return "#" + channels.map((channel) => channel.toString(16).padStart(2, "0")).join("");
  });
  probe.remove();
  return text.replace(/\/\*.*?\*\//gs, "");
}

/** A picture as PNG, at twice its size, or smaller where a browser's canvas would not hold it. */
async function rasterised(file, { width, height }) {
  const image = new Image();
  const address = URL.createObjectURL(file);
  image.src = address;
  await image.decode();
  const scale = Math.min(2, 8000 / width, 8000 / height);
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(address);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

function download(file, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
