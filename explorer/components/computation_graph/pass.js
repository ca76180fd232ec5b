// What is known at a moment of the pass: which numbers, which of them wrong, what is running.

/** Walk as far as `position`; null is the end of the pass, at which nothing is running. */
function momentOf(walk, position, isCompared) {
  const moment = { data: new Map(), gradient: new Map(), wrong: new Map(), step: null };
  if (!walk) return moment;
  const last = position === null ? walk.steps.length - 1 : Math.min(position, walk.steps.length - 1);
  if (position !== null || isCompared) {
    for (const step of walk.steps.slice(0, last + 1)) {
      for (const name of ["data", "gradient", "wrong"]) {
        for (const [key, text] of Object.entries(step[name])) moment[name].set(key, text);
      }
    }
  }
  if (position !== null) moment.step = walk.steps[last];
  return moment;
}

/** The keys whose numbers a walk tells step by step; all others are known from the start. */
function toldBy(walk) {
  const told = { data: new Set(), gradient: new Set() };
  for (const step of walk?.steps ?? []) {
    for (const name of ["data", "gradient"]) {
      for (const key of Object.keys(step[name])) told[name].add(key);
    }
  }
  return told;
}

/** The state of each node and edge, as `paint` wants it. */
function stateOf(pane, instance) {
  const { position, pinned, panes } = instance;
  const moment = momentOf(pane.walk, position, panes.length > 1);
  const { step } = moment;
  const isEnd = position === null;
  const lit = new Set(step?.edges ?? []);
  // While something runs, nothing else is lit, and nothing is dimmed.
  const path = pinned === null || step ? null : pane.links.pathsFrom(pinned);

  const numberOf = (node, name) => {
    const told = moment[name].get(node.key);
    if (told !== undefined) return told;
    return isEnd || !pane.told[name].has(node.key) ? node[name] : "";
  };
  const knows = (key) => isEnd || !pane.told.data.has(key) || moment.data.has(key);

  return {
    step,
    knows,
    numberOf,
    right: (key) => moment.wrong.get(key),
    node(node) {
      const { key } = node;
      const classes = [];
      if (node.dead) classes.push("dead");
      if (!knows(key)) classes.push("unreached");
      if (step?.node === key) classes.push("running", step.phase);
      if (key === pinned) classes.push("pinned");
      if (path) classes.push(path.nodes.has(key) ? "lit" : "dim");
      if (moment.wrong.has(key)) classes.push("wrong");
      const gradient = isEnd || step.phase === "backward" ? numberOf(node, "gradient") : "";
      return {
        data: numberOf(node, "data"),
        gradient,
        right: moment.wrong.get(key),
        isPinned: key === pinned,
        classes: classes.join(" "),
      };
    },
    edge(edge) {
      const classes = [];
      const phase = lit.has(edge.key) ? step.phase : null;
      if (phase) classes.push("running", phase);
      if (!knows(edge.target)) classes.push("unreached");
      if (path) classes.push(path.edges.has(edge.key) ? "lit" : "dim");
      return { classes: classes.join(" "), phase };
    },
  };
}

/** Which edges touch a node, and what lies between it and the output. */
function linksOf({ edges }) {
  const into = new Map();
  const outOf = new Map();
  const add = (map, key, edge) => {
    if (!map.has(key)) map.set(key, []);
    map.get(key).push(edge);
  };
  for (const edge of edges) {
    add(into, edge.target, edge);
    add(outOf, edge.source, edge);
  }
  return {
    into: (key) => into.get(key) ?? [],
    outOf: (key) => outOf.get(key) ?? [],
    /** Every path from a node to the output, as the nodes and edges on any of them. */
    pathsFrom(key) {
      const nodes = new Set([key]);
      const passed = new Set();
      for (const from of nodes) {
        for (const edge of outOf.get(from) ?? []) {
          passed.add(edge.key);
          nodes.add(edge.target); // a set grows while it is walked, and visits what was added
        }
      }
      return { nodes, edges: passed };
    },
  };
}
