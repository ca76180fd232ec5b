// Drawings as files.

/** A drawing, with its fonts in it, as SVG text or as an image twice as large. */
async function saveSvg(drawing, width, height, format, name) {
  const svg = await withFonts(drawing);
  if (format === "svg") return download(svg, "image/svg+xml", `${name}.svg`);
  const image = new Image();
  image.onload = () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [2 * width, 2 * height];
    const context = canvas.getContext("2d");
    context.scale(2, 2);
    context.drawImage(image, 0, 0);
    canvas.toBlob((blob) => download(blob, "image/png", `${name}.png`));
  };
  image.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
}

function download(content, type, filename) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = filename;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
