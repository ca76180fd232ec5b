// How the token that is pointed at gets its share, step by step, and what the controls leave.

function paintArithmetic(view) {
  const { now, root, controls } = view;
  const looked = view.pointed ?? tokenOf(view) ?? TAIL;
  const k = looked === TAIL ? now.logits.indexOf(Math.max(...now.logits)) : looked;
  const T = controls.temperature;
  root.querySelector(".pointed").innerHTML =
    `How <b class="chip">${escaped(now.textOf(k))}</b> gets its share`;
  const cause = now.cause[k];
  const rows = [
    ["logit", written(now.logits[k])],
    [T === 0 ? "T = 0: only the largest stays" : `÷ T = ÷ ${written(T, 2)}`, written(now.scaled[k])],
    ["softmax", written(now.heated[k])],
    ["filters", cause ? `out, by ${cause}` : "stays"],
    [`÷ what is kept, ${now.isExact ? "" : "about "}${written(now.keptShare)}`, written(now.final[k])],
  ];
  root.querySelector(".steps").innerHTML = rows.map(entry).join("");
  const about = now.isExact ? "" : "about ";
  root.querySelector(".summary").innerHTML = [
    ["entropy", `${about}${now.entropy.toFixed(3)} nats`],
    ["entropy of the model itself", `${now.modelEntropy.toFixed(3)} nats`],
    ["tokens kept", `${now.isExact ? "" : "at least "}${now.kept.toLocaleString("en")} of ${now.size.toLocaleString("en")}`],
  ]
    .map(entry)
    .join("");
}

const entry = ([name, number]) => `<div><dt>${name}</dt><dd>${number}</dd></div>`;

/** A number with as many digits as it needs, and a true minus sign. */
function written(number, digits = 4) {
  if (number === -Infinity) return "−∞";
  const size = Math.abs(number);
  if (number !== 0 && (size < 10 ** -digits || size >= 1e9)) return number.toExponential(1).replaceAll("-", "−");
  return number.toFixed(digits).replace("-", "−");
}
