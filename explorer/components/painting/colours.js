// The page's colours as numbers, for what is painted on a canvas, and text made safe for markup.

function readColours(root) {
  // An element that is being left has no colours any more, and may be painted once more.
  const place = root.isConnected ? root : document.body;
  const style = getComputedStyle(place);
  const names = ["ground", "panel", "line", "text", "muted", "forward", "backward", "masked"];
  const probe = document.createElement("i");
  place.append(probe);
  const colours = Object.fromEntries(
    names.map((name) => {
      probe.style.color = `var(--gpt-${name})`;
      return [name, getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number)];
    }),
  );
  probe.remove();
  colours.isDark = style.colorScheme === "dark";
  return colours;
}

function css([red, green, blue], alpha = 1) {
  return `rgb(${red} ${green} ${blue} / ${alpha})`;
}

/** An opaque colour as a number to be written among an image's pixels. */
function pixel([red, green, blue]) {
  return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
}

function mixed(from, to, share) {
  return from.map((channel, i) => channel + share * (to[i] - channel));
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
}
