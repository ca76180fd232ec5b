// A figure's arrays: unpacked once, and the very same again as long as they do not change. Plotly
// takes every other array for a new one, however equal, and then paints the whole figure anew.

const KINDS = {
  ...{ i1: Int8Array, u1: Uint8Array, i2: Int16Array, u2: Uint16Array, i4: Int32Array },
  ...{ u4: Uint32Array, f4: Float32Array, f8: Float64Array },
};

/** Puts arrays into a figure, those of `before` where they are equal. Returns all, by their place. */
function shareArrays(figure, before) {
  const found = new Map();
  const visit = (part, path) => {
    for (const [name, value] of Object.entries(part)) {
      const place = `${path}.${name}`;
      if (isArray(value, name)) {
        const text = JSON.stringify(value);
        const known = before.get(place);
        part[name] = known?.text === text ? known.array : unpacked(value);
        found.set(place, { text, array: part[name] });
      } else if (value && typeof value === "object") visit(value, place);
    }
  };
  visit(figure, "");
  return found;
}

/** Of numbers or texts, not of shapes and the like; ranges Plotly itself changes as one zooms. */
function isArray(value, name) {
  if (isPacked(value)) return true;
  if (!Array.isArray(value) || name === "range") return false;
  return typeof value[0] !== "object" || value[0] === null || Array.isArray(value[0]);
}

function isPacked(value) {
  return typeof value?.bdata === "string";
}

/** As plotly.py writes an array of numpy: its bytes in base64, rows one after another. */
function unpacked(value) {
  if (!isPacked(value)) return value;
  const text = atob(value.bdata);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const numbers = new KINDS[value.dtype](bytes.buffer);
  const lengths = value.shape?.split(",").map(Number) ?? [numbers.length];
  return inRows(numbers, lengths);
}

function inRows(numbers, [count, ...lengths]) {
  if (!lengths.length) return numbers;
  const size = lengths.reduce((product, length) => product * length);
  return Array.from({ length: count }, (_, row) =>
    inRows(numbers.subarray(row * size, (row + 1) * size), lengths),
  );
}
