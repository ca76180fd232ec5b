// By which ways a cell came to be. Nodes are the residual stream at a depth and a token; an edge is
// the share that a node has of the next: by the residual connection, through a head, or through an
// MLP. The shares are computed in Python (gpt.lens.information_flow); here they are followed back.

/** The shares of the step on the screen, or null while they are not there. */
function flowOf(view) {
  const { message, step } = view;
  const flow = globalThis.gptFilms?.[`${message.name} flow`];
  if (step !== message.step || flow?.key !== message.flow) return null;
  if (!flow.edges) {
    const { layers, heads, queries, keys, shares } = flow.numbers;
    flow.edges = new Map(); // "layer query" -> its edges
    layers.forEach((layer, i) => {
      const at = `${layer} ${queries[i]}`;
      if (!flow.edges.has(at)) flow.edges.set(at, []);
      flow.edges.get(at).push({ head: heads[i], key: keys[i], share: shares[i] / 65535 });
    });
  }
  return flow;
}

/** Depth in half steps: 0 before the first block, then attention and MLP of each. */
function halfStep(view, row) {
  return view.message.isHalved ? row : 2 * row;
}

/** What flows into a node, in half steps: [{ kind, position, share, head? }]. */
function inflow(view, depth, position) {
  const { flow } = view;
  if (depth === 0) return [];
  const layer = Math.floor((depth - 1) / 2);
  const at = layer * view.message.tokens.length + position;
  const { numbers } = flow;
  if (depth % 2 === 0) {
    return [
      { kind: "residual", position, share: 1 - numbers.mlp[at] },
      { kind: "mlp", position, share: numbers.mlp[at] },
    ];
  }
  const attention = flow.edges.get(`${layer} ${position}`) ?? [];
  return [
    { kind: "residual", position, share: numbers.kept[at] },
    ...attention.map(({ head, key, share }) => ({ kind: "head", position: key, share, head })),
  ];
}

/** All edges of at least the threshold on the ways down from a node: [{ depth, position, ...edge }]. */
function waysTo(view, root) {
  const found = [];
  let reached = new Set([root.position]);
  for (let depth = halfStep(view, root.row); depth > 0; depth--) {
    const next = new Set();
    for (const position of reached) {
      for (const edge of inflow(view, depth, position)) {
        if (edge.share < view.drawing.smallestShare) continue;
        found.push({ ...edge, depth, position, from: edge.position });
        next.add(edge.position);
      }
    }
    reached = next;
  }
  return found;
}
