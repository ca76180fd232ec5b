// What a cell says, in words and numbers, under the grid.

const MOST_WAYS = 3;

function createReading(view) {
  const place = view.root.querySelector(".reading");
  const numbered = (cell) => cell.row * view.message.tokens.length + cell.position;

  function paint(cell) {
    const { message, frame } = view;
    const at = numbered(cell);
    const said = Array.from({ length: frame.best }, (_, i) => {
      return `<b>${escaped(frame.word(at, i))} ${frame.probability(at, i).toFixed(4)}</b>`;
    });
    const ways = cameFrom(cell).map(([text, share]) => `<b>${share.toFixed(2)}</b> ${escaped(text)}`);
    const parts = [
      [`after <b>${escaped(message.tokens[cell.position])}</b>, token ${cell.position + 1}`, message.streams[cell.row]],
      ["would say", said.join(" \u2002 ")],
      rankWords(cell),
      [ways.length ? "is made of" : "", ways.join(" · ")],
    ];
    place.innerHTML = parts
      .map(([above, below], i) => (i === 0 ? `<p>${above}<small>${below}</small></p>` : `<p><small>${above}</small>${below}</p>`))
      .join("");
  }

  /** How the token in question stands here, and how it stood one depth below. */
  function rankWords(cell) {
    const { frame, message } = view;
    const at = numbered(cell);
    const rank = frame.rank(at);
    if (rank === 65535) return ["", "nothing comes next in this text"];
    const last = (message.streams.length - 1) * message.tokens.length + cell.position;
    const token = view.drawing.ranked === "last" ? frame.word(last) : message.tokens[cell.position + 1];
    const before = cell.row ? frame.rank(at - message.tokens.length) : rank;
    const what = view.drawing.ranked === "last" ? "said in the end" : "comes next";
    return [`<b>${escaped(token)}</b> ${what}`, `rank <b>${rank + 1}</b>${before === rank ? "" : `, was ${before + 1}`}`];
  }

  /** The largest shares of what flows into a cell. */
  function cameFrom(cell) {
    const { message, flow } = view;
    const depth = halfStep(view, cell.row);
    if (!flow || depth === 0) return [];
    const named = inflow(view, depth, cell.position).map((edge) => {
      if (edge.kind === "head") return [`head ${edge.head} from ${message.tokens[edge.position]} at ${edge.position + 1}`, edge.share];
      return [edge.kind === "mlp" ? "the MLP" : "itself", edge.share];
    });
    return named.sort((a, b) => b[1] - a[1]).slice(0, MOST_WAYS);
  }

  /** The same for a screen reader. */
  function spoken(cell) {
    paint(cell);
    return place.innerText.replaceAll("\n", ", ");
  }

  return { paint, spoken };
}
