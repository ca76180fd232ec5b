// What a cell says in words, beside the pointer.

const MOST_WAYS = 3;

function createTip(view) {
  const box = view.root.querySelector(".tip");
  const scroll = view.root.querySelector(".scroll");

  function show(cell, { column, pitch }) {
    box.hidden = !cell;
    if (!cell) return;
    box.innerHTML = markup(cell);
    const rows = view.message.streams.length;
    const x = GUTTER + (cell.position + 1) * column - scroll.scrollLeft + 10;
    const fits = x + box.offsetWidth < scroll.clientWidth;
    const left = fits ? x : x - column - box.offsetWidth - 20;
    const top = scroll.offsetTop + ABOVE + (rows - 1 - cell.row) * pitch;
    box.style.left = `${Math.max(0, left)}px`;
    box.style.top = `${Math.min(top, Math.max(0, view.root.clientHeight - box.offsetHeight))}px`;
  }

  const numbered = (cell) => cell.row * view.message.tokens.length + cell.position;

  function markup(cell) {
    const { message, frame } = view;
    const at = numbered(cell);
    const rows = Array.from({ length: frame.best }, (_, i) => {
      const share = frame.probability(at, i);
      return `<tr><td><span class="gpt-token">${escaped(frame.word(at, i))}</span></td><td>${share.toFixed(4)}</td></tr>`;
    });
    const ways = cameFrom(cell).map(([text, share]) => `${share.toFixed(2)} ${escaped(text)}`);
    return `<p>after <b>${escaped(message.tokens[cell.position])}</b>, token ${cell.position + 1}
      <small>· ${message.streams[cell.row]}</small></p>
      <table>${rows.join("")}</table><p>${escaped(rankWords(cell))}</p>
      ${ways.length ? `<p><small>made of ${ways.join(" · ")}</small></p>` : ""}`;
  }

  /** How the token in question stands here, and how it stood one depth below. */
  function rankWords(cell) {
    const { frame, message } = view;
    const at = numbered(cell);
    const rank = frame.rank(at);
    if (rank === 65535) return "no token of the text follows";
    const last = (message.streams.length - 1) * message.tokens.length + cell.position;
    const token = view.ranked === "last" ? frame.word(last) : message.tokens[cell.position + 1];
    const before = cell.row ? frame.rank(at - message.tokens.length) : rank;
    const change = before === rank ? "" : `, was ${before + 1}`;
    return `${token}, ${view.ranked === "last" ? "said in the end" : "which comes next"}: rank ${rank + 1}${change}`;
  }

  /** The largest shares of what flows into a cell. */
  function cameFrom(cell) {
    const { message, flow } = view;
    const depth = halfStep(view, cell.row);
    if (!flow || depth === 0) return [];
    const named = inflow(view, depth, cell.position).map((edge) => {
      if (edge.kind === "head") return [`H${edge.head} from ${message.tokens[edge.position]} (${edge.position + 1})`, edge.share];
      return [edge.kind === "mlp" ? "the MLP" : "itself", edge.share];
    });
    return named.sort((a, b) => b[1] - a[1]).slice(0, MOST_WAYS);
  }

  function spoken(cell) {
    const { message, frame } = view;
    const at = numbered(cell);
    return `${message.streams[cell.row]}, after ${message.tokens[cell.position]} at ${cell.position + 1}: ${frame.word(at)} with ${frame.probability(at).toFixed(4)}. ${rankWords(cell)}`;
  }

  return { show, spoken };
}
