// The four controls. While one is dragged the bars follow; letting go tells Python.

const CONTROLS = [
  { name: "temperature", label: "temperature", min: 0, max: 2, step: 0.01, words: (x) => written(x, 2) },
  { name: "top_k", label: "top-k", min: 1, step: 1, words: topKInWords },
  { name: "top_p", label: "top-p", min: 0.01, max: 1, step: 0.01, words: (x) => written(x, 2) },
  { name: "min_p", label: "min-p", min: 0, max: 1, step: 0.01, words: (x) => written(x, 2) },
];

/** Off, a number of tokens, or one that is more than there are. */
function topKInWords(k, size) {
  if (k === 0) return "all";
  return k > size ? `${k.toLocaleString("en")}: all ${size.toLocaleString("en")}` : String(k);
}

function createSliders(view) {
  const place = view.root.querySelector(".controls");
  const rows = CONTROLS.map((control) => {
    const row = document.createElement("label");
    row.innerHTML = `<span>${control.label}</span><output></output>`;
    const range = document.createElement("input");
    Object.assign(range, { type: "range", min: control.min, step: control.step });
    range.setAttribute("aria-label", control.label);
    row.append(range);
    place.append(row);
    const output = row.querySelector("output");
    const read = () => {
      const number = range.valueAsNumber;
      // With all tokens there is nothing to keep to: the control is off.
      return control.name === "top_k" && number >= Number(range.max) ? 0 : number;
    };
    const show = () => {
      output.textContent = control.words(view.controls[control.name], view.message.vocab_size);
      range.setAttribute("aria-valuetext", output.textContent);
    };
    range.addEventListener("input", () => {
      view.controls[control.name] = read();
      view.moved = performance.now();
      show();
      soon(view);
    });
    range.addEventListener("change", () => view.send({ act: "controls" }));
    return { control, range, show };
  });

  /** The controls as Python has them; a number beyond a slider's range widens it. */
  function take() {
    const { numbers, taken, vocab_size: size } = view.message;
    const listed = numbers.listed.length / (taken.length + 1);
    const most = listed < size ? listed + 1 : size; // of top-k: from there on all stay
    for (const { control, range, show } of rows) {
      const number = view.controls[control.name];
      const isTopK = control.name === "top_k";
      range.max = isTopK ? Math.max(most, Math.min(number + 1, size)) : Math.max(control.max, number);
      range.value = isTopK && number === 0 ? range.max : number;
      show();
    }
  }

  return { take };
}
